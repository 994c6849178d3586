#!/usr/bin/env bash
# Measures the server: ./bench/run.sh [--seconds 10] [--connections 8] [--rounds 2] [--only accounts] [--json FILE]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
exec dotnet run --project bench -c Release -- "$@"
