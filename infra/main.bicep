targetScope = 'subscription'

@minLength(1)
@maxLength(64)
@description('Name of the environment; all resource names are made from it.')
param environmentName string

@minLength(1)
@description('Where everything is deployed; must offer Flex Consumption.')
@metadata({ azd: { type: 'location' } })
param location string

@description('Object id of a person who may look into storage, queues and secrets; empty for nobody.')
param principalId string = deployer().objectId

@description('Where orchestrations and entities live: the storage account, or a Durable Task Scheduler.')
@allowed(['AzureStorage', 'azureManaged'])
param durableBackend string = 'AzureStorage'

@description('Plan of the Durable Task Scheduler, where it is used.')
@allowed(['Consumption', 'Dedicated'])
param schedulerSku string = 'Consumption'

@description('Names of the environment variables that funclimiter.json reads provider keys from, separated by commas. Each is a secret in the key vault, with dashes for underscores.')
param providerKeyNames string = ''

@description('Who is told when a limit is 80 or 90 % used; empty for nobody.')
param alertEmail string = ''

@description('Memory of one instance.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Most instances at once.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 100

@description('Instances kept warm for HTTP calls, so that the first call of the day does not wait for one.')
@minValue(0)
param alwaysReadyHttpInstances int = 1

var abbrs = loadJsonContent('./abbreviations.json')
var resourceToken = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }
var functionAppName = '${abbrs.webSitesFunctions}${resourceToken}'
var packageContainerName = 'app-package-${take(functionAppName, 32)}-${take(toLower(uniqueString(functionAppName, resourceToken)), 7)}'
var usesScheduler = durableBackend == 'azureManaged'
var keyNames = filter(map(split(providerKeyNames, ','), name => trim(name)), name => !empty(name))

resource rg 'Microsoft.Resources/resourceGroups@2021-04-01' = {
  name: '${abbrs.resourcesResourceGroups}${environmentName}'
  location: location
  tags: tags
}

module identity 'br/public:avm/res/managed-identity/user-assigned-identity:0.4.1' = {
  name: 'identity'
  scope: rg
  params: {
    name: '${abbrs.managedIdentityUserAssignedIdentities}${resourceToken}'
    location: location
    tags: tags
  }
}

module plan 'br/public:avm/res/web/serverfarm:0.1.1' = {
  name: 'plan'
  scope: rg
  params: {
    name: '${abbrs.webServerFarms}${resourceToken}'
    sku: {
      name: 'FC1'
      tier: 'FlexConsumption'
    }
    reserved: true
    location: location
    tags: tags
  }
}

module storage 'br/public:avm/res/storage/storage-account:0.8.3' = {
  name: 'storage'
  scope: rg
  params: {
    name: '${abbrs.storageStorageAccounts}${resourceToken}'
    location: location
    tags: tags
    skuName: 'Standard_ZRS'
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    minimumTlsVersion: 'TLS1_2'
    publicNetworkAccess: 'Enabled'
    networkAcls: {
      defaultAction: 'Allow'
      bypass: 'AzureServices'
    }
    blobServices: {
      containers: [{ name: packageContainerName }]
    }
  }
}

module serviceBus 'br/public:avm/res/service-bus/namespace:0.13.2' = {
  name: 'serviceBus'
  scope: rg
  params: {
    name: '${abbrs.serviceBusNamespaces}${resourceToken}'
    location: location
    tags: tags
    skuObject: { name: 'Standard' }
    zoneRedundant: false
    disableLocalAuth: true
    publicNetworkAccess: 'Enabled'
    queues: [
      {
        name: 'agent-requests'
        lockDuration: 'PT1M'
        // Held back up to 20 seconds each time: an hour for a queue of jobs that is full, or for storage that is away.
        maxDeliveryCount: 200
        requiresDuplicateDetection: true
        duplicateDetectionHistoryTimeWindow: 'PT1H'
        deadLetteringOnMessageExpiration: true
      }
      {
        name: 'agent-results'
        lockDuration: 'PT1M'
        maxDeliveryCount: 10
        requiresDuplicateDetection: true
        duplicateDetectionHistoryTimeWindow: 'PT1H'
        deadLetteringOnMessageExpiration: true
      }
    ]
  }
}

module vault 'br/public:avm/res/key-vault/vault:0.13.3' = {
  name: 'vault'
  scope: rg
  params: {
    name: '${abbrs.keyVaultVaults}${resourceToken}'
    location: location
    tags: tags
    sku: 'standard'
    enableRbacAuthorization: true
    publicNetworkAccess: 'Enabled'
  }
}

module logs 'br/public:avm/res/operational-insights/workspace:0.11.1' = {
  name: 'logs'
  scope: rg
  params: {
    name: '${abbrs.operationalInsightsWorkspaces}${resourceToken}'
    location: location
    tags: tags
    dataRetention: 30
  }
}

module insights 'br/public:avm/res/insights/component:0.6.0' = {
  name: 'insights'
  scope: rg
  params: {
    name: '${abbrs.insightsComponents}${resourceToken}'
    location: location
    tags: tags
    workspaceResourceId: logs.outputs.resourceId
    disableLocalAuth: true
  }
}

module scheduler './app/dts.bicep' = if (usesScheduler) {
  name: 'scheduler'
  scope: rg
  params: {
    name: '${abbrs.dts}${resourceToken}'
    taskHubName: '${abbrs.taskhub}${resourceToken}'
    location: location
    tags: tags
    skuName: schedulerSku
    managedIdentityPrincipalId: identity.outputs.principalId
    userIdentityPrincipalId: principalId
  }
}

// The roles come first: without them the app's first start finds neither its storage nor its secrets.
module rbac './app/rbac.bicep' = {
  name: 'rbac'
  scope: rg
  params: {
    storageAccountName: storage.outputs.name
    serviceBusNamespaceName: serviceBus.outputs.name
    keyVaultName: vault.outputs.name
    applicationInsightsName: insights.outputs.name
    managedIdentityPrincipalId: identity.outputs.principalId
    userIdentityPrincipalId: principalId
  }
}

module api './app/api.bicep' = {
  name: 'api'
  scope: rg
  dependsOn: [rbac]
  params: {
    name: functionAppName
    location: location
    tags: tags
    appServicePlanId: plan.outputs.resourceId
    identityId: identity.outputs.resourceId
    identityClientId: identity.outputs.clientId
    storageAccountName: storage.outputs.name
    packageContainerName: packageContainerName
    serviceBusNamespaceName: serviceBus.outputs.name
    keyVaultName: vault.outputs.name
    providerKeyNames: keyNames
    applicationInsightsName: insights.outputs.name
    schedulerEndpoint: usesScheduler ? scheduler!.outputs.endpoint : ''
    taskHubName: usesScheduler ? scheduler!.outputs.taskHubName : 'FuncLimiter'
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyHttpInstances: alwaysReadyHttpInstances
  }
}

module alerts './app/alerts.bicep' = {
  name: 'alerts'
  scope: rg
  params: {
    location: location
    tags: tags
    workspaceId: logs.outputs.resourceId
    resourceToken: resourceToken
    alertEmail: alertEmail
  }
}

module workbook './app/workbook.bicep' = {
  name: 'workbook'
  scope: rg
  params: {
    location: location
    tags: tags
    workspaceId: logs.outputs.resourceId
  }
}

output AZURE_LOCATION string = location
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_RESOURCE_GROUP string = rg.name
output AZURE_KEY_VAULT_NAME string = vault.outputs.name
output AZURE_FUNCTION_NAME string = api.outputs.name
output SERVICE_API_NAME string = api.outputs.name
output SERVICE_API_URI string = api.outputs.uri
output SERVICE_BUS_NAMESPACE string = '${serviceBus.outputs.name}.servicebus.windows.net'
