// The Functions app and its plan.
param name string
param planName string
param location string
param tags object
param identityId string
param identityClientId string
param storageAccountName string
param packageContainerName string
param serviceBusNamespaceName string
param keyVaultName string
param providerKeyNames array

@description('Where the Azure OpenAI account is that was made for funclimiter.azd.json; empty where a funclimiter.json names others.')
param openAIEndpoint string
param applicationInsightsName string

@description('Endpoint of a Durable Task Scheduler; empty where orchestrations live in the storage account.')
param schedulerEndpoint string
param taskHubName string
param instanceMemoryMB int
param maximumInstanceCount int
param alwaysReadyHttpInstances int

resource storage 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: storageAccountName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

// No connection string and no key anywhere: the app's identity opens storage, Service Bus, the vault, Application Insights and Azure OpenAI.
var identitySettings = {
  AZURE_CLIENT_ID: identityClientId
  AzureWebJobsStorage__blobServiceUri: storage.properties.primaryEndpoints.blob
  AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
  AzureWebJobsStorage__tableServiceUri: storage.properties.primaryEndpoints.table
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  ServiceBusConnection__fullyQualifiedNamespace: '${serviceBusNamespaceName}.servicebus.windows.net'
  ServiceBusConnection__credential: 'managedidentity'
  ServiceBusConnection__clientId: identityClientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
}

var durableSettings = union(
  { TASKHUB_NAME: taskHubName },
  empty(schedulerEndpoint)
    ? {}
    : {
        AzureFunctionsJobHost__extensions__durableTask__storageProvider__type: 'azureManaged'
        AzureFunctionsJobHost__extensions__durableTask__storageProvider__connectionStringName: 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING'
        DURABLE_TASK_SCHEDULER_CONNECTION_STRING: 'Endpoint=${schedulerEndpoint};Authentication=ManagedIdentity;ClientID=${identityClientId}'
      }
)

var keySettings = toObject(
  concat(['FUNCLIMITER_KEY'], providerKeyNames),
  key => key,
  key => '@Microsoft.KeyVault(VaultName=${keyVaultName};SecretName=${replace(key, '_', '-')})'
)

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource api 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'api' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identityId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${packageContainerName}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReadyHttpInstances > 0 ? [{ name: 'http', instanceCount: alwaysReadyHttpInstances }] : []
        // A waiting call holds a connection and next to no memory: many fit one instance.
        triggers: { http: { perInstanceConcurrency: 1000 } }
      }
      runtime: {
        name: 'dotnet-isolated'
        version: '10.0'
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
    }
  }

  resource settings 'config' = {
    name: 'appsettings'
    properties: union(identitySettings, durableSettings, keySettings, { AZURE_OPENAI_ENDPOINT: openAIEndpoint })
  }
}

output name string = api.name
output uri string = 'https://${api.properties.defaultHostName}'
