"""Settings of the whole suite."""

from hypothesis import HealthCheck, settings

# A loaded machine is slow to draw examples and to run them: no clock decides whether a test passes.
settings.register_profile(
    "gradc", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile("gradc")
