#!/usr/bin/env bash
# Tries a row of the reliability list as often as the row says, and prints what was measured: ./prove.sh R17 [SEED [PERCENT]]
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

rows=(R1 R2 R3 R4 R5 R6 R8 R9 R10 R11 R12 R14 R16 R17 R18 R19 R23 R24 R35)
row="${1:-}"
if [[ ! " ${rows[*]} " == *" $row "* || -z $row || $# -gt 3 || ! ${2:-1} =~ ^[0-9]{1,9}$ || ! ${3:-100} =~ ^[0-9]{1,3}$ ]]; then
  echo "Use: ./prove.sh ROW [SEED [PERCENT]], with a ROW of: ${rows[*]}" >&2
  exit 2
fi

tests=artifacts/bin/OpenBanking.Platform.Tests/debug/OpenBanking.Platform.Tests.dll
log="artifacts/proof-$row.log"
dotnet build tests/Platform.Tests --nologo --verbosity quiet >/dev/null
export PROOF_SCALE=large PROOF_SEED="${2:-1}" PROOF_PERCENT="${3:-100}" PROOF_REPORT="$PWD/artifacts/proof-$row.txt"
rm -f "$PROOF_REPORT"

status=0
dotnet "$tests" -noColor -trait "Reliability=$row" >"$log" 2>&1 || status=$?
if [[ $status -ne 0 || ! -s $PROOF_REPORT ]]; then
  cat "$log"
  echo "$row: failed (seed $PROOF_SEED)"
  exit 1
fi
cat "$PROOF_REPORT"
