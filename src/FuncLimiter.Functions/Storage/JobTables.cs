namespace FuncLimiter.Functions.Storage;

/// <summary>The tables of the app.</summary>
/// <param name="Jobs">Jobs and their calls.</param>
/// <param name="Answers">Answers under idempotency keys.</param>
/// <param name="Usage">What each call used.</param>
/// <param name="Settings">Tenants and limits that operators set.</param>
internal sealed record JobTables(IRowTable Jobs, IRowTable Answers, IRowTable Usage, IRowTable Settings)
{
    /// <summary>The name of the table that operators write to.</summary>
    public const string SettingsName = "FuncLimiterSettings";
}
