targetScope = 'subscription'

@minLength(1)
@maxLength(64)
@description('Name of the environment; all resource names are made from it.')
param environmentName string

@minLength(1)
@description('Where everything is deployed; must offer Flex Consumption. azd offers the places that have quota for the model.')
@metadata({ azd: { type: 'location', usageName: ['OpenAI.GlobalStandard.gpt-5-mini,50'] } })
param location string

@description('Object id of a person who may look into storage and queues, and set secrets; empty for nobody.')
param principalId string = deployer().objectId

@description('What that object id is: a person, or the service principal of a pipeline.')
@allowed(['User', 'ServicePrincipal'])
param principalType string = 'User'

@secure()
@description('The key of tenant "agents", which the configuration for azd names. azd makes one up, and keeps it in the key vault.')
param tenantKey string

@description('Azure OpenAI accounts that are there already and that the app calls as itself, for a funclimiter.json of your own: GROUP/NAME, several with commas. Empty: one is made.')
param openAIAccounts string = ''

@description('Where providers have keys: the environment variables that funclimiter.json reads them from, several with commas. Each is a secret in the key vault, with dashes for underscores.')
param providerKeyNames string = ''

@description('Where orchestrations and entities live: the storage account, or a Durable Task Scheduler.')
@allowed(['AzureStorage', 'azureManaged'])
param durableBackend string = 'AzureStorage'

@description('Plan of the Durable Task Scheduler, where it is used.')
@allowed(['Consumption', 'Dedicated'])
param schedulerSku string = 'Consumption'

@description('Copies of what is stored: over the zones of the region; Standard_LRS where the region has none.')
@allowed(['Standard_ZRS', 'Standard_LRS', 'Standard_GZRS', 'Standard_GRS'])
param storageSku string = 'Standard_ZRS'

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
var usesScheduler = durableBackend == 'azureManaged'
var keyNames = filter(map(split(providerKeyNames, ','), name => trim(name)), name => !empty(name))
var accounts = filter(map(split(openAIAccounts, ','), name => trim(name)), name => !empty(name))

resource rg 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: '${abbrs.resourcesResourceGroups}${environmentName}'
  location: location
  tags: tags
}

module services './app/services.bicep' = {
  name: 'services'
  scope: rg
  params: {
    location: location
    tags: tags
    abbrs: abbrs
    resourceToken: resourceToken
    storageSku: storageSku
    tenantKey: tenantKey
  }
}

module appAccess './app/access.bicep' = {
  name: 'app-access'
  scope: rg
  params: {
    storageAccountName: services.outputs.storageAccountName
    serviceBusNamespaceName: services.outputs.serviceBusNamespaceName
    keyVaultName: services.outputs.keyVaultName
    applicationInsightsName: services.outputs.applicationInsightsName
    principalId: services.outputs.identityPrincipalId
    principalType: 'ServicePrincipal'
    maySetSecrets: false
  }
}

module personAccess './app/access.bicep' = if (!empty(principalId)) {
  name: 'person-access'
  scope: rg
  params: {
    storageAccountName: services.outputs.storageAccountName
    serviceBusNamespaceName: services.outputs.serviceBusNamespaceName
    keyVaultName: services.outputs.keyVaultName
    applicationInsightsName: services.outputs.applicationInsightsName
    principalId: principalId
    principalType: principalType
    maySetSecrets: true
  }
}

module openAI './app/openai.bicep' = if (empty(accounts)) {
  name: 'openai'
  scope: rg
  params: {
    name: '${abbrs.cognitiveServicesAccounts}${resourceToken}'
    location: location
    tags: tags
    identityPrincipalId: services.outputs.identityPrincipalId
  }
}

module openAIAccess './app/openai-access.bicep' = [
  for (account, place) in accounts: {
    name: 'openai-access-${place}'
    scope: resourceGroup(first(split(account, '/')))
    params: {
      accountName: last(split(account, '/'))
      identityPrincipalId: services.outputs.identityPrincipalId
    }
  }
]

module scheduler './app/dts.bicep' = if (usesScheduler) {
  name: 'scheduler'
  scope: rg
  params: {
    name: '${abbrs.dts}${resourceToken}'
    taskHubName: '${abbrs.taskhub}${resourceToken}'
    location: location
    tags: tags
    skuName: schedulerSku
    identityPrincipalId: services.outputs.identityPrincipalId
    principalId: principalId
    principalType: principalType
  }
}

// The roles come first: without them the app's first start finds neither its storage nor its secrets.
module api './app/api.bicep' = {
  name: 'api'
  scope: rg
  dependsOn: [appAccess]
  params: {
    name: '${abbrs.webSitesFunctions}${resourceToken}'
    planName: '${abbrs.webServerFarms}${resourceToken}'
    location: location
    tags: tags
    identityId: services.outputs.identityId
    identityClientId: services.outputs.identityClientId
    storageAccountName: services.outputs.storageAccountName
    packageContainerName: services.outputs.packageContainerName
    serviceBusNamespaceName: services.outputs.serviceBusNamespaceName
    keyVaultName: services.outputs.keyVaultName
    providerKeyNames: keyNames
    openAIEndpoint: empty(accounts) ? openAI!.outputs.endpoint : ''
    applicationInsightsName: services.outputs.applicationInsightsName
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
    workspaceId: services.outputs.workspaceId
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
    workspaceId: services.outputs.workspaceId
  }
}

output AZURE_LOCATION string = location
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_RESOURCE_GROUP string = rg.name
output AZURE_STORAGE_ACCOUNT_NAME string = services.outputs.storageAccountName
output AZURE_KEY_VAULT_NAME string = services.outputs.keyVaultName
output AZURE_FUNCTION_NAME string = api.outputs.name
output SERVICE_API_NAME string = api.outputs.name
output SERVICE_API_URI string = api.outputs.uri
output SERVICE_BUS_NAMESPACE string = '${services.outputs.serviceBusNamespaceName}.servicebus.windows.net'
