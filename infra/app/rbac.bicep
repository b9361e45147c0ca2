param storageAccountName string
param serviceBusNamespaceName string
param keyVaultName string
param applicationInsightsName string
param managedIdentityPrincipalId string

@description('A person who may look into all of it; empty for nobody.')
param userIdentityPrincipalId string = ''

var storageRoles = [
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b' // Storage Blob Data Owner
  '974c5e8b-45b9-4653-ba55-5f855dd0fb88' // Storage Queue Data Contributor
  '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3' // Storage Table Data Contributor
]
var serviceBusRoles = [
  '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0' // Azure Service Bus Data Receiver
  '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39' // Azure Service Bus Data Sender
]
var keyVaultRole = '4633458b-17de-408a-b874-0445c86b69e6' // Key Vault Secrets User
var monitoringRole = '3913510d-42f4-4e42-8a64-420c390055eb' // Monitoring Metrics Publisher

var principals = concat(
  [{ id: managedIdentityPrincipalId, type: 'ServicePrincipal' }],
  empty(userIdentityPrincipalId) ? [] : [{ id: userIdentityPrincipalId, type: 'User' }]
)
var storageGrants = flatten(map(principals, principal => map(storageRoles, role => { principal: principal, role: role })))
var serviceBusGrants = flatten(map(principals, principal => map(serviceBusRoles, role => { principal: principal, role: role })))

resource storage 'Microsoft.Storage/storageAccounts@2022-09-01' existing = {
  name: storageAccountName
}

resource serviceBus 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: serviceBusNamespaceName
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: keyVaultName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource storageAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in storageGrants: {
    name: guid(storage.id, grant.principal.id, grant.role)
    scope: storage
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', grant.role)
      principalId: grant.principal.id
      principalType: grant.principal.type
    }
  }
]

resource serviceBusAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in serviceBusGrants: {
    name: guid(serviceBus.id, grant.principal.id, grant.role)
    scope: serviceBus
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', grant.role)
      principalId: grant.principal.id
      principalType: grant.principal.type
    }
  }
]

resource vaultAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for principal in principals: {
    name: guid(vault.id, principal.id, keyVaultRole)
    scope: vault
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultRole)
      principalId: principal.id
      principalType: principal.type
    }
  }
]

resource insightsAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for principal in principals: {
    name: guid(insights.id, principal.id, monitoringRole)
    scope: insights
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringRole)
      principalId: principal.id
      principalType: principal.type
    }
  }
]
