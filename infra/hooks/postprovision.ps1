# As postprovision.sh, for Windows.
$ErrorActionPreference = 'Stop'
$vault = $env:AZURE_KEY_VAULT_NAME
$left = @()
foreach ($name in "$env:PROVIDER_KEY_NAMES".Split(',', [StringSplitOptions]::RemoveEmptyEntries)) {
    $secret = $name.Replace('_', '-')
    az keyvault secret show --vault-name $vault --name $secret --query id -o tsv 2>$null | Out-Null
    if ($LASTEXITCODE -eq 0) { continue }
    $question = "$name (nothing is shown; Enter alone leaves it for later)"
    # Where no person types, Read-Host ends the whole script without a word.
    $value = if ([Console]::IsInputRedirected) { Write-Host "${question}:"; [Console]::In.ReadLine() }
    else { try { Read-Host -MaskInput $question } catch { '' } }
    if (-not $value) { $left += $secret; continue }
    # By a file, since what stands on a command line can be seen by others.
    $file = New-TemporaryFile
    try {
        Set-Content $file $value -NoNewline
        az keyvault secret set --vault-name $vault --name $secret --file $file --only-show-errors | Out-Null
        if ($LASTEXITCODE -ne 0) { $left += $secret }
    }
    finally { Remove-Item $file }
}
Write-Host "`nEverything is made. Next:"
foreach ($secret in $left) {
    Write-Host "  az keyvault secret set --vault-name $vault --name $secret --value ...   # then az functionapp restart"
}
Write-Host '  azd deploy                      # azd up does it now by itself'
if (-not (Test-Path funclimiter.json)) {
    Write-Host "  `$key = az keyvault secret show --vault-name $vault --name FUNCLIMITER-KEY --query value -o tsv"
}
Write-Host "  curl $env:SERVICE_API_URI/health/ready"
Write-Host "  `$env:OPENAI_BASE_URL = '$env:SERVICE_API_URI/v1'; `$env:ANTHROPIC_BASE_URL = '$env:SERVICE_API_URI'   # agents, with a tenant's key"
Write-Host "The dashboard: $env:SERVICE_API_URI/operator/dashboard?code=... with a function key (docs/azure.md)."
