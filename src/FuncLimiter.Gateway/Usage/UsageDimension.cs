namespace FuncLimiter.Gateway.Usage;

/// <summary>What usage can be grouped and chosen by.</summary>
public enum UsageDimension
{
    /// <summary>The tenant.</summary>
    Tenant,

    /// <summary>The tenant's user.</summary>
    User,

    /// <summary>The workflow.</summary>
    Workflow,

    /// <summary>The step of a workflow.</summary>
    Step,

    /// <summary>The run; kept by the hour only.</summary>
    Run,

    /// <summary>The name asked for.</summary>
    Route,

    /// <summary>The model that served, by its name at the provider.</summary>
    Model,

    /// <summary>The account that served.</summary>
    Account,

    /// <summary>The deployment that served, as <c>account/model</c>.</summary>
    Deployment,

    /// <summary>The tier of the model that served.</summary>
    Tier,

    /// <summary>The priority.</summary>
    Priority,

    /// <summary><c>live</c>, or <c>batch</c> for a provider's batch service.</summary>
    Channel,
}
