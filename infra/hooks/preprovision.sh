#!/bin/sh
# Before azd makes anything: which keys does funclimiter.json ask for? azd is told, so that the app is given each out of the key vault.
set -eu
if [ ! -f funclimiter.json ]; then
  echo "There is no funclimiter.json: funclimiter.azd.json is deployed, with an Azure OpenAI account that needs no key."
  exit 0
fi
names=$(sed 's|^[[:space:]]*//.*||' funclimiter.json | grep -oE '\$\{[A-Za-z_][A-Za-z0-9_]*\}' | tr -d '${}' \
  | grep -vxE 'AZURE_OPENAI_ENDPOINT|FUNCLIMITER_KEY' | sort -u | paste -sd, - || true)
if [ "$names" != "${PROVIDER_KEY_NAMES:-}" ]; then
  azd env set PROVIDER_KEY_NAMES "$names"
  echo "funclimiter.json asks for ${names:-no keys}: told to azd as PROVIDER_KEY_NAMES."
fi
