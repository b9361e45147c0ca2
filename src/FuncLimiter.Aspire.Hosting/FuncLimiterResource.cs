using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>FuncLimiter's server as a container of an Aspire app.</summary>
/// <param name="name">Its name in the app.</param>
public sealed class FuncLimiterResource(string name) : ContainerResource(name), IResourceWithServiceDiscovery
{
    /// <summary>The name of its endpoint.</summary>
    internal const string EndpointName = "http";

    /// <summary>Where it takes calls, from where the reader stands.</summary>
    public EndpointReference Endpoint => new(this, EndpointName);
}

/// <summary>Adds FuncLimiter to an Aspire app, and points agents at it.</summary>
public static class FuncLimiterBuilderExtensions
{
    private const int Port = 8080;

    /// <summary>
    /// Adds FuncLimiter's server. Its image is <c>funclimiter:latest</c>, as <c>dotnet publish -t:PublishContainer</c> makes it; where yours has
    /// another address, add <c>WithImage</c> or <c>WithImageRegistry</c>. Providers' keys are given by <c>WithEnvironment(variable, parameter)</c>,
    /// by the names that the configuration reads them from. A container is reached from outside, so the configuration needs tenants.
    /// </summary>
    /// <param name="builder">The app.</param>
    /// <param name="name">The resource's name.</param>
    /// <param name="configuration">The configuration's file; a relative path is one from the app host's project.</param>
    /// <param name="port">The port on this machine; null for any that is free.</param>
    /// <exception cref="ArgumentException">The name or the path is empty.</exception>
    public static IResourceBuilder<FuncLimiterResource> AddFuncLimiter(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, string configuration = "funclimiter.json", int? port = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentException.ThrowIfNullOrEmpty(configuration);
        return builder.AddResource(new FuncLimiterResource(name))
            .WithImage("funclimiter", "latest")
            .WithHttpEndpoint(port, Port, FuncLimiterResource.EndpointName)
            .WithBindMount(configuration, "/etc/funclimiter/funclimiter.json", isReadOnly: true)
            .WithHttpHealthCheck("/health/ready", endpointName: FuncLimiterResource.EndpointName)
            .WithUrlForEndpoint(FuncLimiterResource.EndpointName, static endpoint => new() { Url = $"{endpoint.Url}/dashboard", DisplayText = "Dashboard" });
    }

    /// <summary>Keeps jobs, what was used and what was learned in a volume, over restarts. One server uses a volume at a time.</summary>
    /// <param name="limiter">FuncLimiter.</param>
    /// <param name="name">The volume's name; null for one made from the app's and the resource's.</param>
    public static IResourceBuilder<FuncLimiterResource> WithDataVolume(this IResourceBuilder<FuncLimiterResource> limiter, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(limiter);
        return limiter.WithVolume(name ?? VolumeNameGenerator.Generate(limiter, "data"), "/home/app");
    }

    /// <summary>
    /// Points an agent at FuncLimiter: <c>OPENAI_BASE_URL</c>, <c>ANTHROPIC_BASE_URL</c> and <c>FUNCLIMITER_URL</c>, which the official SDKs and
    /// FuncLimiter's samples read; with a key, <c>OPENAI_API_KEY</c>, <c>ANTHROPIC_API_KEY</c> and <c>FUNCLIMITER_KEY</c> too. The agent starts
    /// once FuncLimiter is ready.
    /// </summary>
    /// <typeparam name="T">The agent's kind: a project, a container, an executable.</typeparam>
    /// <param name="agent">The agent.</param>
    /// <param name="limiter">FuncLimiter.</param>
    /// <param name="tenantKey">A key of the tenant that the agent calls as; null where the agent is given one elsewhere.</param>
    public static IResourceBuilder<T> WithFuncLimiter<T>(
        this IResourceBuilder<T> agent, IResourceBuilder<FuncLimiterResource> limiter, IResourceBuilder<ParameterResource>? tenantKey = null)
        where T : IResourceWithEnvironment, IResourceWithWaitSupport
    {
        ArgumentNullException.ThrowIfNull(agent);
        ArgumentNullException.ThrowIfNull(limiter);
        var address = limiter.Resource.Endpoint;
        agent.WithEnvironment("FUNCLIMITER_URL", address)
            .WithEnvironment("ANTHROPIC_BASE_URL", address)
            .WithEnvironment("OPENAI_BASE_URL", ReferenceExpression.Create($"{address}/v1"))
            .WaitFor(limiter);
        return tenantKey is null ? agent : agent.WithEnvironment("FUNCLIMITER_KEY", tenantKey)
            .WithEnvironment("ANTHROPIC_API_KEY", tenantKey)
            .WithEnvironment("OPENAI_API_KEY", tenantKey);
    }
}
