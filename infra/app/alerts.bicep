param location string
param tags object
param workspaceId string
param resourceToken string

@description('Who is told; empty for nobody: the alerts then are only shown in the portal.')
param alertEmail string = ''

var levels = [
  { name: 'warn', percent: 80, severity: 2 }
  { name: 'act', percent: 90, severity: 1 }
]

resource operators 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(alertEmail)) {
  name: 'ag-${resourceToken}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'funclimiter'
    enabled: true
    emailReceivers: [
      {
        name: 'operators'
        emailAddress: alertEmail
        useCommonAlertSchema: true
      }
    ]
  }
}

resource utilization 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for level in levels: {
    name: 'alert-limit-${level.name}-${resourceToken}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'A limit is ${level.percent} % used'
      description: 'The tightest limit of a budget was used to ${level.percent} % or more through five minutes.'
      severity: level.severity
      enabled: true
      evaluationFrequency: 'PT5M'
      windowSize: 'PT5M'
      scopes: [workspaceId]
      criteria: {
        allOf: [
          {
            query: 'AppMetrics | where Name == "funclimiter.budget.utilization" | extend Budget = tostring(Properties["budget"]) | summarize Percent = 100.0 * sum(Sum) / sum(ItemCount) by Budget, bin(TimeGenerated, 5m)'
            timeAggregation: 'Average'
            metricMeasureColumn: 'Percent'
            operator: 'GreaterThanOrEqual'
            threshold: level.percent
            dimensions: [{ name: 'Budget', operator: 'Include', values: ['*'] }]
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      autoMitigate: true
      actions: {
        actionGroups: empty(alertEmail) ? [] : [operators.id]
      }
    }
  }
]

resource rateLimited 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = {
  name: 'alert-429-${resourceToken}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'Providers refuse calls'
    description: 'Providers answered 429 although the budgets had room: somebody else uses the key, or a limit is configured too high.'
    severity: 1
    enabled: true
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    scopes: [workspaceId]
    criteria: {
      allOf: [
        {
          query: 'AppMetrics | where Name == "funclimiter.provider.rate_limited" | summarize Refusals = sum(Sum) by bin(TimeGenerated, 5m)'
          timeAggregation: 'Total'
          metricMeasureColumn: 'Refusals'
          operator: 'GreaterThan'
          threshold: 10
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    autoMitigate: true
    actions: {
      actionGroups: empty(alertEmail) ? [] : [operators.id]
    }
  }
}
