// A Durable Task Scheduler with one task hub, for orchestrations and entities instead of the storage account.
param name string
param taskHubName string
param location string
param tags object

@allowed(['Consumption', 'Dedicated'])
param skuName string
param identityPrincipalId string

@description('Who may look into the task hub besides the app; empty for nobody.')
param principalId string
param principalType string

var role = '0ad04412-c4d5-4796-b79c-f76d14c8d402' // Durable Task Data Contributor
var principals = concat(
  [{ id: identityPrincipalId, type: 'ServicePrincipal' }],
  empty(principalId) ? [] : [{ id: principalId, type: principalType }]
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

resource taskHub 'Microsoft.DurableTask/schedulers/taskHubs@2025-11-01' = {
  parent: scheduler
  name: taskHubName
}

resource access 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for principal in principals: {
    name: guid(scheduler.id, principal.id, role)
    scope: scheduler
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
      principalId: principal.id
      principalType: principal.type
    }
  }
]

output endpoint string = scheduler.properties.endpoint
output taskHubName string = taskHub.name
