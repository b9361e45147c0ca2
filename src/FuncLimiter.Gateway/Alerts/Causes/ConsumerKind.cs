namespace FuncLimiter.Gateway.Alerts.Causes;

/// <summary>What may drive a budget's use, from the widest to the narrowest.</summary>
internal enum ConsumerKind
{
    /// <summary>A tenant.</summary>
    Tenant,

    /// <summary>A workflow of a tenant.</summary>
    Workflow,

    /// <summary>A step of a workflow.</summary>
    Step,

    /// <summary>A user of a tenant.</summary>
    User,

    /// <summary>A run whose calls name no user.</summary>
    Run,

    /// <summary>A priority class, of all tenants.</summary>
    Class,
}
