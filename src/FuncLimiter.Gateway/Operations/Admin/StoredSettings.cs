namespace FuncLimiter.Gateway.Operations.Admin;

/// <summary>
/// Where a host whose instances share their budgets takes limits and tenants from: what one instance changed by itself would hold there only,
/// so it refuses to, and says where to change it.
/// </summary>
/// <param name="Limits">How limits are changed, in a sentence.</param>
/// <param name="Tenants">How tenants' weights and keys are changed, in a sentence.</param>
public sealed record StoredSettings(string Limits, string Tenants)
{
    /// <summary>Why a change is not made, and what to do instead; null where it can be made.</summary>
    internal string? Refuse(AdminChange change) => change switch
    {
        LimitChange => $"Limits can't be changed here: the app's instances share them. {Limits}",
        ForgetChange => "What was learned can't be forgotten here: the app's instances share it. Delete the entity of the budget's scope (BudgetEntity), which then begins anew.",
        WeightChange => $"Weights can't be changed here: the app's instances share the budgets. {Tenants}",
        KeyChange => $"Keys can't be given out here: each of the app's instances knows them. {Tenants}",
        RevocationChange => $"Keys can't be revoked here: each of the app's instances knows them. {Tenants}",
        _ => null,
    };
}
