#!/usr/bin/env bash
# Shows the main job in a scratch ledger: define, import, follow, find, look. Called by `make demo`.
# Usage: demo.sh CAMPLEDGER FOLDER
set -euo pipefail
campledger=$1
here=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$2"
folder=$(cd "$2" && pwd)
ledger=$folder/ledger
rm -rf "$ledger" "$folder/site" "$folder/butler"
unset CAMPLEDGER_LEDGER
# Works for people whom git does not know yet, too; git's own settings win where there are any.
git config user.email >/dev/null || export GIT_AUTHOR_NAME=Demo GIT_AUTHOR_EMAIL=demo@example.org \
    GIT_COMMITTER_NAME=Demo GIT_COMMITTER_EMAIL=demo@example.org

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n%s\n' "$*"; }
run() { printf '$ campledger'; printf ' %q' "$@"; printf '\n'; (cd "$ledger" && "$campledger" "$@"); }

say "A new ledger, with the public campaigns of this repository"
"$campledger" init "$ledger"
cp -r "$here/campaigns" "$here/dataids" "$here/queries" "$ledger/"
cp "$here/campledger.yaml" "$ledger/"
git -C "$ledger" add -A
git -C "$ledger" commit -q -m "take in public Rubin campaigns"
run check

say "A tree of BPS submit files becomes a campaign"
run import bps "$here/docs/examples/bps"
if [ -d "$here/../shared/data/dp02-processing" ]; then
    say "So do the real submit files of the rehearsals of Data Preview 0.2 (the end of the report)"
    run import bps "$here/../shared/data/dp02-processing" | tail -14
fi

say "One campaign, from definition to completion"
run define demo-night --production alert --kind nightly-validation --ticket DM-10002 \
    --description "Validate last night's exposures with the current weekly." \
    --set scope.instrument=LSSTCam --set scope.day_obs.from=20261122 --set scope.day_obs.to=20261122 \
    --set software.stack=w_2026_46 --set data.output=LSSTCam/runs/nightlyValidation/20261122 \
    --set 'steps=[{name: step1, groups: [{name: "1"}, {name: "2"}]}, {name: step2, prerequisites: [step1]}]'
run start demo-night
run record demo-night step1 --run-id 4242 --wms PanDA --submit-dir submit/20261123T100000Z
run outcome 4242 failed --jobs succeeded=188 --jobs failed=1 --failures calibrateImage=1
run record demo-night step1/2 --relation rescue --run-id 4243 --deviation memory=16384
run outcome 4243 succeeded --jobs succeeded=1
run accept 4242 --reason "group 1 is complete"
run accept 4243
run pause demo-night --reason "metrics are looked at before step2"
run resume demo-night
run record demo-night step2 --run-id 4244
run outcome 4244 succeeded
run accept 4244
run complete demo-night
run show demo-night

say "A list of data IDs, from git to a Butler registry (a small one, on SQLite)"
"$(dirname "$campledger")/python" "$here/docs/examples/embedded_butler.py" "$folder/butler"
sed -e 's|^butlers:$|butlers:\n  demo:\n    description: An embedded repository\n    uris: [../butler]|' \
    -e 's|^instruments:$|instruments:\n  - DemoCam|' "$ledger/campledger.yaml" \
    >"$folder/settings" && mv "$folder/settings" "$ledger/campledger.yaml"
git -C "$ledger" commit -q -a -m "name the demo's Butler and camera"
run import exclusions "$here/docs/examples/dataids/bad-exposures.csv" --instrument DemoCam
run dataids show bad-exposures
run upload bad-exposures --butler demo
run verify-upload bad-exposures --butler demo
run collect bad-exposures --butler demo --from DemoCam/raw/all --into demo/good-raws

say "Finding it again"
run list instrument:LSSTCam
run check

say "The site"
run site build --out "$folder/site"

say "Done: the ledger is $ledger, and every act above is a commit in it (git log)."
echo "Open $folder/site/index.html in a browser, or run: $campledger site serve --out $folder/site"
