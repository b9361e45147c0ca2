// The vault of the keys that the configuration names, which the server's identity reads.
param name string
param location string
param keyNames array
param identityId string
param identityPrincipalId string

@secure()
param keys object

var secretsUser = '4633458b-17de-408a-b874-0445c86b69e6' // Key Vault Secrets User

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 7
    publicNetworkAccess: 'Enabled'
  }
}

resource secrets 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = [
  for key in keyNames: {
    parent: vault
    name: replace(key, '_', '-')
    properties: { value: keys[key] }
  }
]

resource access 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, identityPrincipalId, secretsUser)
  scope: vault
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsUser)
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
  }
}

output vaultName string = vault.name

@description('What the app has of them. Each at its version: a newer one alone would start a second server beside the first.')
output secrets array = [
  for (key, place) in keyNames: {
    name: toLower(replace(key, '_', '-'))
    keyVaultUrl: secrets[place].properties.secretUriWithVersion
    identity: identityId
  }
]
