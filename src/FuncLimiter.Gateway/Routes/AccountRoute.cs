using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Routes;

/// <summary>How an account is reached by calls that name no model.</summary>
/// <param name="Configuration">The account.</param>
/// <param name="Route">A route whose one deployment stands for the account.</param>
/// <param name="IsShared">Whether several tenants may use it.</param>
public sealed record AccountRoute(AccountConfiguration Configuration, Route Route, bool IsShared)
{
    /// <summary>The account's id.</summary>
    public string Id => Configuration.Id;

    /// <summary>The deployment that stands for it.</summary>
    public Deployment Deployment => Route.Deployments[0];
}
