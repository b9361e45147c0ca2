// Read from the environment, so that no key stands in a file or in a shell's history.
using './main.bicep'

param registry = readEnvironmentVariable('REGISTRY', '')
param image = readEnvironmentVariable('IMAGE', 'funclimiter:latest')
param openAIAccounts = readEnvironmentVariable('AZURE_OPENAI_ACCOUNTS', '')

param configuration = loadTextContent('./funclimiter.json')

// The keys that funclimiter.json names.
param keyNames = ['OPENAI_API_KEY', 'TENANT_KEY', 'ADMIN_KEY']
param keys = {
  OPENAI_API_KEY: readEnvironmentVariable('OPENAI_API_KEY')
  TENANT_KEY: readEnvironmentVariable('TENANT_KEY')
  ADMIN_KEY: readEnvironmentVariable('ADMIN_KEY')
}
