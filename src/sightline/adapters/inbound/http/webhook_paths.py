"""Where other programs tell of alerts."""

from typing import Final

PREFIX: Final = "/api/v1/webhooks/"
"""How the paths begin; there the parameter `token` is a token, for who sends may set no header."""
ALERTMANAGER: Final = f"{PREFIX}alertmanager"
GRAFANA: Final = f"{PREFIX}grafana"
CLOUDWATCH: Final = f"{PREFIX}cloudwatch"
GENERIC: Final = f"{PREFIX}generic/{{name:str}}"
