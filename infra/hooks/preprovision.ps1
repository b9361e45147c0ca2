# As preprovision.sh, for Windows.
$ErrorActionPreference = 'Stop'
if (-not (Test-Path funclimiter.json)) {
    Write-Host 'There is no funclimiter.json: funclimiter.azd.json is deployed, with an Azure OpenAI account that needs no key.'
    exit 0
}
$text = (Get-Content funclimiter.json | Where-Object { $_ -notmatch '^\s*//' }) -join "`n"
$names = ([regex]::Matches($text, '\$\{([A-Za-z_][A-Za-z0-9_]*)\}') | ForEach-Object { $_.Groups[1].Value } |
    Where-Object { $_ -cnotin 'AZURE_OPENAI_ENDPOINT', 'FUNCLIMITER_KEY' } | Sort-Object -Unique -CaseSensitive) -join ','
if ($names -cne "$env:PROVIDER_KEY_NAMES") {
    azd env set PROVIDER_KEY_NAMES $names
    Write-Host "funclimiter.json asks for $(if ($names) { $names } else { 'no keys' }): told to azd as PROVIDER_KEY_NAMES."
}
