#!/usr/bin/env bash
# Gets what the tests need, builds, runs every test project, and says at the end how many tests passed and failed.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

has() {
  local candidate
  for candidate in "$@"; do
    command -v "$candidate" >/dev/null 2>&1 && return 0
    compgen -G "$candidate" >/dev/null && return 0
  done
  return 1
}

# $1: what it is called; $2: the package; further: programs, any of which means that it is there.
need() {
  local name=$1 package=$2 sudo=""
  shift 2
  has "$@" && return
  if [[ $EUID -ne 0 ]]; then sudo="sudo -n"; fi
  if command -v apt-get >/dev/null && { [[ -z $sudo ]] || sudo -n true 2>/dev/null; }; then
    echo "Installing $name…"
    if [[ $package == postgresql && ! -e /etc/postgresql-common/createcluster.conf ]]; then
      $sudo mkdir -p /etc/postgresql-common
      echo "create_main_cluster = false" | $sudo tee /etc/postgresql-common/createcluster.conf >/dev/null
    fi
    { $sudo apt-get update && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$package"; } >/dev/null 2>&1 || true
    has "$@" && return
  fi
  fail "The tests need $name: install the package '$package'."
}

command -v dotnet >/dev/null || fail "The .NET SDK 10 is needed: https://dotnet.microsoft.com/download/dotnet/10.0"
[[ -n "${OPENBANKING_PGBIN:-}" ]] || need PostgreSQL postgresql postgres '/usr/lib/postgresql/*/bin/postgres'
need Chromium chromium chromium chromium-browser google-chrome
need nginx nginx nginx /usr/sbin/nginx
need strace strace strace /usr/bin/strace
need Node.js nodejs node
need npm npm npm

# Clients of other authors want a newer Node than some systems carry; npm has it as a package.
clients=tests/Interop/clients
newer_node() { node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 18) ? 0 : 1)'; }
if ! newer_node; then
  echo "Getting a newer Node.js…"
  npm install --no-save --no-fund --no-audit --silent --prefix artifacts/node node@22 || fail "The tests need Node.js 20.18 or newer."
  export PATH="$PWD/artifacts/node/node_modules/node/bin:$PATH"
  newer_node || fail "The tests need Node.js 20.18 or newer."
fi
if [[ ! -e $clients/node_modules/.package-lock.json || $clients/package-lock.json -nt $clients/node_modules/.package-lock.json ]]; then
  (cd "$clients" && npm ci --silent) || fail "The tests need the packages of $clients: 'npm ci' there did not get them."
fi

dotnet restore OpenBanking.sln --verbosity quiet
dotnet build OpenBanking.sln --no-restore --nologo --verbosity quiet

results=artifacts/test-results
rm -rf "$results"
mkdir -p "$results"
passed=0
failed=0
for project in tests/*/*.Tests.csproj; do
  name="$(basename "$project" .csproj)"
  report="$name.trx"
  status=0
  dotnet test "$project" --no-build --nologo --logger "console;verbosity=minimal" --logger "trx;LogFileName=$report" --results-directory "$results" "$@" \
    >"$results/$name.log" 2>&1 || status=$?
  counts="$(grep -o '<Counters [^>]*' "$results/$report" 2>/dev/null | head -1 || true)"
  count() { sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<<"$counts"; }
  project_passed="$(count passed)"
  project_failed=$(($(count failed) + $(count error) + 0))
  # A run that broke off has failed even where no single test did.
  if [[ -z $counts || ($status -ne 0 && $project_failed -eq 0) ]]; then project_failed=$((project_failed + 1)); fi
  if [[ $project_failed -gt 0 ]]; then cat "$results/$name.log"; fi
  printf '%-32s %5d passed, %d failed\n' "$name" "${project_passed:-0}" "$project_failed"
  passed=$((passed + ${project_passed:-0}))
  failed=$((failed + project_failed))
done

# Once more at the end, where it is looked for: which tests failed, and what each of them said.
if [[ $failed -gt 0 ]]; then
  grep -hoE '<UnitTestResult [^>]*outcome="Failed"' "$results"/*.trx 2>/dev/null | sed -n 's/.* testName="\([^"]*\)".*/Failed: \1/p' || true
  sed -n '/<Message>/,/<\/Message>/p' "$results"/*.trx 2>/dev/null | cut -c -600 || true
fi

echo "$passed passed, $failed failed"
[[ $failed -eq 0 && $passed -gt 0 ]]
