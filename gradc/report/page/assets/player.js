// The steps: where we are, how to get on, and what is marked.
//
// A position is the number of steps that are done.  Without stepping, all numbers are shown and
// nothing is marked.

class Player {
  // `show(position, before)` shows what is known at a position, `mark(step, position)` marks a
  // step and says its line; step is null before the first, and where nobody steps.
  constructor(steps, show, mark) {
    this.steps = steps;
    this.show = show;
    this.mark = mark;
    this.position = steps.length;
    this.stepping = false;
    this.timer = 0;
    byId("position").max = steps.length;
    byId("first").addEventListener("click", () => this.go(0));
    byId("back").addEventListener("click", () => this.backward());
    byId("play").addEventListener("click", () => this.toggle());
    byId("forward").addEventListener("click", () => this.forward());
    byId("last").addEventListener("click", () => this.go(this.steps.length));
    byId("position").addEventListener("input", (event) => this.go(Number(event.target.value)));
    byId("speed").addEventListener("change", () => this.timer && this.again());
    this.say();
  }

  get current() {
    return this.stepping && this.position > 0 ? this.steps[this.position - 1] : null;
  }

  go(position) {
    this.pause();
    this.move(position, true);
  }

  forward() {
    this.go(this.stepping ? this.position + 1 : 1);
  }

  backward() {
    this.go(this.stepping ? this.position - 1 : this.steps.length);
  }

  // All numbers, nothing marked.
  leave() {
    this.pause();
    this.move(this.steps.length, false);
  }

  move(position, stepping) {
    const before = this.position;
    this.position = clamped(position, 0, this.steps.length);
    this.stepping = stepping;
    this.show(this.position, before);
    this.say();
  }

  say() {
    const { position, steps, stepping, current } = this;
    byId("position").value = position;
    let text = `${steps.length} steps`;
    if (stepping) text = `step ${position} of ${steps.length} · ${current?.sweep ?? "start"}`;
    setText(byId("progress"), text);
    byId("position").setAttribute("aria-valuetext", text);
    byId("first").disabled = byId("back").disabled = stepping && position === 0;
    byId("forward").disabled = byId("last").disabled = stepping && position === steps.length;
    this.mark(current, this);
  }

  toggle() {
    if (this.timer) return this.pause();
    if (!this.stepping || this.position === this.steps.length) this.move(0, true);
    this.again();
    byId("play").classList.add("playing");
    setText(byId("playName"), "Pause");
  }

  again() {
    clearInterval(this.timer);
    this.timer = setInterval(() => this.tick(), Number(byId("speed").value));
  }

  tick() {
    this.move(this.position + 1, true);
    if (this.position === this.steps.length) this.pause();
  }

  pause() {
    clearInterval(this.timer);
    this.timer = 0;
    byId("play").classList.remove("playing");
    setText(byId("playName"), "Play");
  }
}
