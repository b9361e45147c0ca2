using Azure.Core;
using Azure.Identity;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Core.Spending;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Calls.Idempotency;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Calls.Spending;
using FuncLimiter.Gateway.Calls.State;
using FuncLimiter.Gateway.Calls.Upstream;
using FuncLimiter.Gateway.Calls.Upstream.Credentials;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Http.Authentication;
using FuncLimiter.Gateway.Http.Endpoints;
using FuncLimiter.Gateway.Http.Requests;
using FuncLimiter.Gateway.Operations;
using FuncLimiter.Gateway.Operations.Admin;
using FuncLimiter.Gateway.Operations.Alerts;
using FuncLimiter.Gateway.Operations.Dashboard;
using FuncLimiter.Gateway.Operations.Limits;
using FuncLimiter.Gateway.Operations.Preflight;
using FuncLimiter.Gateway.Operations.Recording;
using FuncLimiter.Gateway.Operations.Telemetry;
using FuncLimiter.Gateway.Operations.Usage;
using FuncLimiter.Providers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Http;

/// <summary>Registers the gateway with a host.</summary>
internal static class FuncLimiterServices
{
    /// <summary>
    /// Adds the endpoints and what they need. The host adds the <see cref="ILimiter"/>, and where it has them an <see cref="IUsageLedger"/>,
    /// an <see cref="IDeferredCalls"/>, <see cref="IdempotentCalls"/>, an <see cref="Estimator"/> of its own, a <see cref="TimeProvider"/>, and
    /// the <see cref="TokenCredential"/> that opens accounts without a key.
    /// </summary>
    /// <param name="configuration">A valid configuration.</param>
    /// <param name="options">Bounds; null for the defaults.</param>
    public static IServiceCollection AddFuncLimiter(
        this IServiceCollection services, GatewayConfiguration configuration, GatewayOptions? options = null)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<Estimator>(_ => new Estimator());
        services.TryAddSingleton<IUsageLedger>(new MemoryLedger(configuration.Usage));
        services.TryAddSingleton<IUsageSink>(provider => provider.GetRequiredService<IUsageLedger>());
        services.AddSingleton(configuration);
        services.AddSingleton(options ?? new GatewayOptions());
        services.AddSingleton(new RouteTable(configuration, ProviderCatalog.Get));
        services.AddSingleton(provider => new Lazy<EntraTokens>(() => new EntraTokens(
            () => provider.GetService<TokenCredential>() ?? new DefaultAzureCredential(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<EntraTokens>>())));
        services.AddSingleton<UpstreamCredentials>();
        services.AddSingleton<KeyFiles>();
        services.AddSingleton<UpstreamClient>();
        services.AddSingleton(configuration.Alerts);
        services.AddSingleton<AdmissionHeaders>();
        services.AddSingleton<Authenticator>();
        services.AddSingleton(provider => new TenantKeys(configuration.Tenants, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<TenantGate>();
        services.AddSingleton(provider =>
            new SpendBook(configuration.Budgets, instance: provider.GetService<ISpendOwners>() is null ? null : Guid.NewGuid().ToString("N")));
        services.AddSingleton<SpendDesk>();
        services.AddHostedService<SpendKeeper>();
        services.AddSingleton(Calls);
        services.AddSingleton<CallPipeline>();
        services.AddSingleton<ICallExecutor>(provider => provider.GetRequiredService<CallPipeline>());
        services.AddSingleton<ICallLegs>(provider => provider.GetRequiredService<CallPipeline>());
        AddOperators(services);
        AddEndpoints(services);
        return services;
    }

    /// <summary>Reads limits from the providers that tell them, for a host that owns its budgets. After what restores these.</summary>
    public static IServiceCollection AddLimitWatch(this IServiceCollection services) => services.AddHostedService<LimitWatch>();

    /// <summary>Records the shapes of calls where the configuration asks for it. Before the gateway itself: what still ends is recorded.</summary>
    /// <param name="configuration">A valid configuration.</param>
    public static IServiceCollection AddCallRecorder(this IServiceCollection services, GatewayConfiguration configuration)
    {
        if (configuration.Record is { } record)
        {
            services.TryAddSingleton<IRecordSink>(_ => new FileRecord(record));
            services.AddSingleton(provider => ActivatorUtilities.CreateInstance<CallRecorder>(provider, record));
            services.AddHostedService(provider => provider.GetRequiredService<CallRecorder>());
        }

        return services;
    }

    private static CallServices Calls(IServiceProvider provider) => ActivatorUtilities.CreateInstance<CallServices>(
        provider,
        ActivatorUtilities.CreateInstance<ObservedLimiter>(provider, ActivatorUtilities.CreateInstance<SpendingLimiter>(
            provider, provider.GetRequiredService<ILimiter>(), provider.GetRequiredService<GatewayConfiguration>().Queue)),
        ActivatorUtilities.CreateInstance<ObservedUsage>(provider)) with
    {
        Keys = provider.GetRequiredService<KeyFiles>(),
        State = ActivatorUtilities.CreateInstance<StateOwners>(provider),
    };

    private static void AddOperators(IServiceCollection services)
    {
        services.AddSingleton<CallFeed>();
        services.AddSingleton<RouteTargets>();
        services.AddSingleton<TenantTallies>();
        services.AddSingleton<AnswerPace>();
        services.AddSingleton<AlertBoard>();
        services.AddSingleton<ControlDesk>();
        services.AddSingleton<ConsumerLedger>();
        services.AddSingleton<LimitBoard>();
        services.AddSingleton<LimitAlerts>();
        services.AddSingleton<SpendAlerts>();
        services.AddSingleton<LimitReader>();
        services.AddSingleton<AlertEngine>();
        services.AddSingleton<AlertWebhook>();
        services.AddHostedService<AlertTeller>();
        services.AddSingleton<Watch>();
        services.AddHostedService(provider => provider.GetRequiredService<Watch>());
        services.AddSingleton<OperatorGate>();
        services.TryAddSingleton<IAuditLog, RecentAudit>();
        services.AddSingleton<ConfigurationReload>();
        services.AddSingleton<AdminService>();
        services.AddHostedService(provider => provider.GetRequiredService<AdminService>());
        services.AddSingleton<DashboardState>();
        services.AddSingleton<DashboardHub>();
        services.AddHostedService(provider => provider.GetRequiredService<DashboardHub>());
        services.AddSingleton<GatewayMetrics>();
        services.AddSingleton<MetricSeries>();
        services.AddSingleton<LatestReport>();
        services.AddHostedService<LimiterMetrics>();
    }

    private static void AddEndpoints(IServiceCollection services)
    {
        services.AddSingleton<Stopping>();
        services.AddSingleton<HeldBytes>();
        services.AddSingleton<CrossOrigin>();
        services.AddSingleton<RunPreflight>();
        services.AddSingleton<AdminEndpoint>();
        services.AddSingleton<RecordEndpoint>();
        services.AddSingleton<LiveCalls>();
        services.AddSingleton<CallEndpoint>();
        services.AddSingleton<DashboardEndpoint>();
        services.AddSingleton<Func<IEnumerable<IHostedService>>>(provider => provider.GetServices<IHostedService>);
        services.AddSingleton<HealthEndpoint>();
        services.AddSingleton<ModelsEndpoint>();
        services.AddSingleton<PassedEndpoint>();
        services.AddSingleton<SocketEndpoint>();
        services.AddSingleton<PreflightEndpoint>();
        services.AddSingleton<ReservationEndpoint>();
        services.AddSingleton<StatusEndpoint>();
        services.AddSingleton<UsageEndpoint>();
    }
}
