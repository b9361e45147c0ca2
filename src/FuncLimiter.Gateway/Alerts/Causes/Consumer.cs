namespace FuncLimiter.Gateway.Alerts.Causes;

/// <summary>Who takes of a deployment.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Deployment">The deployment as <c>account/model</c>.</param>
/// <param name="Tenant">The tenant it belongs to.</param>
/// <param name="Name">Its name; the tenant's own for a tenant.</param>
internal readonly record struct Consumer(ConsumerKind Kind, string Deployment, string Tenant, string Name);
