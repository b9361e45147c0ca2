// An Azure OpenAI account with one model, which the app calls as itself: no key opens it. Its limits are those of funclimiter.azd.json.
param name string
param location string
param tags object
param identityPrincipalId string

var model = 'gpt-5-mini'
var thousandTokensAMinute = 50

resource account 'Microsoft.CognitiveServices/accounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'OpenAI'
  sku: { name: 'S0' }
  properties: {
    // Entra ID works only where the account has a name of its own in its address.
    customSubDomainName: name
    disableLocalAuth: true
    publicNetworkAccess: 'Enabled'
  }

  resource deployment 'deployments' = {
    name: model
    sku: { name: 'GlobalStandard', capacity: thousandTokensAMinute }
    properties: {
      model: { format: 'OpenAI', name: model }
      versionUpgradeOption: 'OnceNewDefaultVersionAvailable'
    }
  }
}

module access './openai-access.bicep' = {
  name: 'openai-access'
  params: {
    accountName: account.name
    identityPrincipalId: identityPrincipalId
  }
}

output endpoint string = account.properties.endpoint
