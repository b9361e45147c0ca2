param name string
param taskHubName string
param location string = resourceGroup().location
param tags object = {}

@allowed(['Consumption', 'Dedicated'])
param skuName string
param managedIdentityPrincipalId string
param userIdentityPrincipalId string = ''

var contributorRole = '0ad04412-c4d5-4796-b79c-f76d14c8d402' // Durable Task Data Contributor
var principals = concat(
  [{ id: managedIdentityPrincipalId, type: 'ServicePrincipal' }],
  empty(userIdentityPrincipalId) ? [] : [{ id: userIdentityPrincipalId, type: 'User' }]
)

resource scheduler 'Microsoft.DurableTask/schedulers@2025-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    ipAllowlist: ['0.0.0.0/0']
    sku: skuName == 'Dedicated' ? { name: skuName, capacity: 1 } : { name: skuName }
  }
}

resource taskHub 'Microsoft.DurableTask/schedulers/taskhubs@2025-11-01' = {
  parent: scheduler
  name: taskHubName
}

resource access 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for principal in principals: {
    name: guid(scheduler.id, principal.id, contributorRole)
    scope: scheduler
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', contributorRole)
      principalId: principal.id
      principalType: principal.type
    }
  }
]

output endpoint string = scheduler.properties.endpoint
output taskHubName string = taskHub.name
