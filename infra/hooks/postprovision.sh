#!/bin/sh
# Once the key vault is there: asks for each provider's key that is not in it yet, and says what comes next.
set -eu
trap 'stty echo 2>/dev/null || true' EXIT
left=
for name in $(echo "${PROVIDER_KEY_NAMES:-}" | tr ',' ' '); do
  secret=$(echo "$name" | tr '_' '-')
  if az keyvault secret show --vault-name "$AZURE_KEY_VAULT_NAME" --name "$secret" --query id -o tsv >/dev/null 2>&1; then
    continue
  fi
  printf '%s (nothing is shown; Enter alone leaves it for later): ' "$name"
  stty -echo 2>/dev/null || true
  read -r value || value=
  stty echo 2>/dev/null || true
  echo
  # By a pipe, since what stands on a command line can be seen by others.
  if [ -z "$value" ] || ! printf %s "$value" | az keyvault secret set --vault-name "$AZURE_KEY_VAULT_NAME" --name "$secret" --file /dev/stdin --only-show-errors >/dev/null; then
    left="$left $secret"
  fi
done
echo
echo "Everything is made. Next:"
for secret in $left; do
  echo "  az keyvault secret set --vault-name $AZURE_KEY_VAULT_NAME --name $secret --value ...   # then az functionapp restart"
done
echo "  azd deploy                      # azd up does it now by itself"
if [ ! -f funclimiter.json ]; then
  echo "  key=\$(az keyvault secret show --vault-name $AZURE_KEY_VAULT_NAME --name FUNCLIMITER-KEY --query value -o tsv)"
fi
echo "  curl $SERVICE_API_URI/health/ready"
echo "  export OPENAI_BASE_URL=$SERVICE_API_URI/v1 ANTHROPIC_BASE_URL=$SERVICE_API_URI   # agents, with a tenant's key"
echo "The dashboard: $SERVICE_API_URI/operator/dashboard?code=... with a function key (docs/azure.md)."
