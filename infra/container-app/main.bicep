// The embedded server on Azure Container Apps: az deployment group create --parameters infra/container-app/main.bicepparam (docs/install.md).
@description('Name of the app; the names of all else end in one made from it and the resource group.')
@minLength(2)
@maxLength(20)
param name string = 'funclimiter'

param location string = resourceGroup().location

@description('A container registry of this resource group that holds the image; empty where the image is public.')
param registry string

@description('The image: its name within that registry, or the whole of it where it is public.')
param image string

@description('The environment variables that funclimiter.json reads keys from. Each is a secret in the key vault, with dashes for underscores.')
param keyNames array

@secure()
@description('The values of these, by name.')
param keys object

@secure()
@description('What the server serves: the content of funclimiter.json.')
param configuration string

@description('Azure OpenAI accounts that the server calls as itself: GROUP/NAME, several with commas.')
param openAIAccounts string = ''

@description('Whether it is reached from the internet; else from apps of the same environment only.')
param isExternal bool = true

@description('Copies of what is stored: over the zones of the region; Premium_LRS where the region has none.')
@allowed(['Premium_ZRS', 'Premium_LRS'])
param storageSku string = 'Premium_ZRS'

@description('Names the revision. Each deployment makes a new one, so that it takes up what was changed.')
param revision string = 'at-${utcNow('yyyyMMddHHmmss')}'

var abbrs = loadJsonContent('../abbreviations.json')
var resourceToken = uniqueString(resourceGroup().id, name)
var port = 8080
var accounts = filter(map(split(openAIAccounts, ','), account => trim(account)), account => !empty(account))

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: '${abbrs.managedIdentityUserAssignedIdentities}${resourceToken}'
  location: location
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: '${abbrs.operationalInsightsWorkspaces}${resourceToken}'
  location: location
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: 30
  }
}

module vault './keys.bicep' = {
  name: 'container-app-keys'
  params: {
    name: '${abbrs.keyVaultVaults}${resourceToken}'
    location: location
    keyNames: keyNames
    keys: keys
    identityId: identity.id
    identityPrincipalId: identity.properties.principalId
  }
}

module imageAccess './registry.bicep' = if (!empty(registry)) {
  name: 'container-app-registry'
  params: {
    name: registry
    identityPrincipalId: identity.properties.principalId
  }
}

module openAIAccess '../app/openai-access.bicep' = [
  for (account, place) in accounts: {
    name: 'container-app-openai-access-${place}'
    scope: resourceGroup(first(split(account, '/')))
    params: {
      accountName: last(split(account, '/'))
      identityPrincipalId: identity.properties.principalId
    }
  }
]

// A share over NFS is reached from a network of its own only: nothing else opens it, so nobody else may be in this one.
resource network 'Microsoft.Network/virtualNetworks@2024-07-01' = {
  name: '${abbrs.networkVirtualNetworks}${resourceToken}'
  location: location
  properties: {
    addressSpace: { addressPrefixes: ['10.20.0.0/24'] }
    subnets: [
      {
        name: 'apps'
        properties: {
          addressPrefix: '10.20.0.0/26'
          serviceEndpoints: [{ service: 'Microsoft.Storage' }]
          delegations: [{ name: 'apps', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
    ]
  }
}

// NFS and not SMB: SQLite's log needs locks and shared memory as a local disk has them, which a share over SMB lacks.
resource storage 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: '${abbrs.storageStorageAccounts}${resourceToken}'
  location: location
  kind: 'FileStorage'
  sku: { name: storageSku }
  properties: {
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    minimumTlsVersion: 'TLS1_2'
    // NFS knows no HTTPS, and with this on the mount is refused.
    supportsHttpsTrafficOnly: false
    networkAcls: {
      defaultAction: 'Deny'
      bypass: 'None'
      virtualNetworkRules: [{ id: network.properties.subnets[0].id, action: 'Allow' }]
    }
  }

  resource files 'fileServices' = {
    name: 'default'

    // The least that a premium account takes, in GiB.
    resource share 'shares' = {
      name: 'data'
      properties: { enabledProtocols: 'NFS', rootSquash: 'NoRootSquash', shareQuota: 100 }
    }
  }
}

resource environment 'Microsoft.App/managedEnvironments@2025-01-01' = {
  name: '${abbrs.appManagedEnvironments}${resourceToken}'
  location: location
  properties: {
    appLogsConfiguration: { destination: 'azure-monitor' }
    vnetConfiguration: { infrastructureSubnetId: network.properties.subnets[0].id }
    workloadProfiles: [{ name: 'Consumption', workloadProfileType: 'Consumption' }]
  }

  resource data 'storages' = {
    name: 'data'
    properties: {
      nfsAzureFile: {
        server: '${storage.name}.file.${az.environment().suffixes.storage}'
        shareName: '/${storage.name}/${storage::files::share.name}'
        accessMode: 'ReadWrite'
      }
    }
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'logs'
  scope: environment
  properties: {
    workspaceId: workspace.id
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
  }
}

// The roles come first: without them it finds neither its secrets nor its image.
resource app 'Microsoft.App/containerApps@2025-01-01' = {
  name: name
  location: location
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  dependsOn: [openAIAccess, logs]
  properties: {
    environmentId: environment.id
    workloadProfileName: 'Consumption'
    configuration: {
      // A single revision's mode would stop the server that holds the data only once another runs, which needs the data.
      activeRevisionsMode: 'Multiple'
      ingress: {
        external: isExternal
        targetPort: port
        transport: 'auto'
        allowInsecure: false
        traffic: [{ latestRevision: true, weight: 100 }]
      }
      registries: empty(registry) ? [] : [{ server: imageAccess!.outputs.server, identity: identity.id }]
      secrets: concat(vault.outputs.secrets, [{ name: 'configuration', value: configuration }])
    }
    template: {
      revisionSuffix: revision
      // It ends within 30 seconds, with what it was asked answered (docs/operations.md).
      terminationGracePeriodSeconds: 35
      // Exactly one, since two servers would spend the limits twice.
      scale: { minReplicas: 1, maxReplicas: 1 }
      containers: [
        {
          name: 'funclimiter'
          image: empty(registry) ? image : '${imageAccess!.outputs.server}/${image}'
          resources: { cpu: json('0.5'), memory: '1Gi' }
          env: concat(
            [{ name: 'AZURE_CLIENT_ID', value: identity.properties.clientId }],
            map(keyNames, key => { name: key, secretRef: toLower(replace(key, '_', '-')) })
          )
          // Ready only once it may be sent calls; restarted only when it does not answer at all.
          probes: [
            { type: 'Readiness', httpGet: { path: '/health/ready', port: port }, periodSeconds: 5 }
            { type: 'Liveness', httpGet: { path: '/health/live', port: port }, periodSeconds: 10, failureThreshold: 6 }
            { type: 'Startup', httpGet: { path: '/health/live', port: port }, periodSeconds: 12, failureThreshold: 10 }
          ]
          volumeMounts: [
            { volumeName: 'configuration', mountPath: '/etc/funclimiter' }
            { volumeName: 'data', mountPath: '/home/app' }
          ]
        }
      ]
      volumes: [
        { name: 'configuration', storageType: 'Secret', secrets: [{ secretRef: 'configuration', path: 'funclimiter.json' }] }
        { name: 'data', storageType: 'NfsAzureFile', storageName: environment::data.name }
      ]
    }
  }
}

output name string = app.name
output uri string = 'https://${app.properties.configuration.ingress.fqdn}'
output keyVaultName string = vault.outputs.vaultName
output workspaceId string = workspace.properties.customerId
