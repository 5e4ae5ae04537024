"""The statements at the top level of a program."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from gradc.frontend.block import Block
from gradc.frontend.report import Problems
from gradc.frontend.scope import Scope
from gradc.ir.graph import Var
from gradc.ops.builder import Builder

if TYPE_CHECKING:
    from gradc.frontend.calling import Functions


class ProgramBlock(Block):
    """The block in which inputs are declared and functions defined."""

    def __init__(self, problems: Problems, scope: Scope, builder: Builder) -> None:
        super().__init__(problems, scope, builder, [])
        self._declared: set[Var] = set()

    @cached_property
    def functions(self) -> Functions:
        """The functions of the program; what calls need is imported where there are any."""
        from gradc.frontend.calling import Functions

        return Functions()

    def input(self, var: Var) -> None:
        """An input of the program."""
        self._declared.add(var)

    def owns(self, var: Var) -> bool:
        """Whether a quantity is an input, or defined at the top level."""
        return var in self._declared or super().owns(var)
