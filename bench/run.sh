#!/usr/bin/env bash
# Measures the server, beside npm oidc-provider: ./bench/run.sh [--seconds 10] [--connections 8] [--rounds 3] [--only accounts] [--peer no] [--json FILE]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
exec dotnet run --project bench -c Release -- "$@"
