using Azure.Core;
using Azure.Identity;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Core.Spending;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Calls.Idempotency;
using FuncLimiter.Gateway.Calls.Reservations;
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
public static class FuncLimiterServices
{
    /// <summary>
    /// Adds the endpoints and what they need. The host adds the <see cref="ILimiter"/>, and where it has them an <see cref="IUsageLedger"/>,
    /// an <see cref="IDeferredCalls"/>, <see cref="IdempotentCalls"/>, an <see cref="Estimator"/> of its own, a <see cref="TimeProvider"/>, and
    /// the <see cref="TokenCredential"/> that opens accounts without a key.
    /// </summary>
    /// <param name="services">The host's services.</param>
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
        services.AddSingleton(provider => new UpstreamClient(
            provider.GetRequiredService<GatewayOptions>(), provider.GetRequiredService<UpstreamCredentials>()));
        services.AddSingleton(provider => new AdmissionHeaders(
            provider.GetRequiredService<GatewayConfiguration>().Alerts, provider.GetRequiredService<AlertBoard>()));
        services.AddSingleton<Authenticator>();
        services.AddSingleton(provider => new TenantKeys(
            provider.GetRequiredService<GatewayConfiguration>().Tenants, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new TenantGate(provider.GetRequiredService<Authenticator>()));
        services.AddSingleton(provider => new SpendDesk(
            new SpendBook(configuration.Budgets, instance: provider.GetService<ISpendOwners>() is null ? null : Guid.NewGuid().ToString("N")),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetService<ISpendStore>(),
            provider.GetService<ISpendOwners>()));
        services.AddHostedService<SpendKeeper>();
        services.AddSingleton(Calls);
        services.AddSingleton(provider => new CallPipeline(provider.GetRequiredService<CallServices>()));
        services.AddSingleton<ICallExecutor>(provider => provider.GetRequiredService<CallPipeline>());
        services.AddSingleton<ICallLegs>(provider => provider.GetRequiredService<CallPipeline>());
        AddOperators(services);
        AddEndpoints(services);
        return services;
    }

    /// <summary>Reads limits from the providers that tell them, for a host that owns its budgets. After what restores these.</summary>
    /// <param name="services">The host's services.</param>
    public static IServiceCollection AddLimitWatch(this IServiceCollection services) => services.AddHostedService(provider => new LimitWatch(
        provider.GetRequiredService<GatewayConfiguration>(),
        provider.GetRequiredService<LimitReader>(),
        provider.GetRequiredService<LimitBoard>(),
        provider.GetRequiredService<ControlDesk>(),
        provider.GetRequiredService<TimeProvider>(),
        provider.GetRequiredService<ILogger<LimitWatch>>()));

    /// <summary>Records the shapes of calls where the configuration asks for it. Before the gateway itself: what still ends is recorded.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configuration">A valid configuration.</param>
    public static IServiceCollection AddCallRecorder(this IServiceCollection services, GatewayConfiguration configuration)
    {
        if (configuration.Record is { } record)
        {
            services.AddSingleton(provider => ActivatorUtilities.CreateInstance<CallRecorder>(provider, record));
            services.AddHostedService(provider => provider.GetRequiredService<CallRecorder>());
        }

        return services;
    }

    private static CallServices Calls(IServiceProvider provider) => new(
        provider.GetRequiredService<GatewayConfiguration>(),
        provider.GetRequiredService<GatewayOptions>(),
        provider.GetRequiredService<RouteTable>(),
        ActivatorUtilities.CreateInstance<ObservedLimiter>(provider, ActivatorUtilities.CreateInstance<SpendingLimiter>(
            provider, provider.GetRequiredService<ILimiter>(), provider.GetRequiredService<GatewayConfiguration>().Queue)),
        provider.GetRequiredService<Estimator>(),
        provider.GetRequiredService<UpstreamClient>(),
        ActivatorUtilities.CreateInstance<ObservedUsage>(provider),
        provider.GetRequiredService<AdmissionHeaders>(),
        provider.GetRequiredService<TimeProvider>())
    {
        Keys = provider.GetRequiredService<KeyFiles>(),
        State = new StateOwners(
            provider.GetRequiredService<GatewayConfiguration>(),
            provider.GetService<IStateStore>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<StateOwners>>()),
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
        services.AddSingleton(provider => new ConfigurationReload(
            provider.GetRequiredService<GatewayConfiguration>(),
            provider.GetRequiredService<TenantKeys>(),
            provider.GetRequiredService<RouteTable>(),
            provider.GetRequiredService<SpendDesk>(),
            provider.GetRequiredService<ControlDesk>(),
            provider.GetRequiredService<Watch>(),
            provider.GetRequiredService<ILogger<ConfigurationReload>>(),
            provider.GetService<ConfigurationSource>()));
        services.AddSingleton<AdminService>();
        services.AddHostedService(provider => provider.GetRequiredService<AdminService>());
        services.AddSingleton(provider => new AdminEndpoint(
            provider.GetRequiredService<OperatorGate>(),
            provider.GetRequiredService<AdminService>(),
            provider.GetRequiredService<IAuditLog>(),
            provider.GetRequiredService<SpendDesk>(),
            provider.GetRequiredService<TenantKeys>(),
            provider.GetRequiredService<ConfigurationReload>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<DashboardState>();
        services.AddSingleton<DashboardHub>();
        services.AddHostedService(provider => provider.GetRequiredService<DashboardHub>());
        services.AddSingleton(provider => new DashboardEndpoint(
            provider.GetRequiredService<OperatorGate>(), provider.GetRequiredService<DashboardHub>(), provider.GetRequiredService<Watch>()));
        services.AddSingleton<GatewayMetrics>();
        services.AddSingleton<MetricSeries>();
        services.AddSingleton<LatestReport>();
        services.AddHostedService<LimiterMetrics>();
    }

    private static void AddEndpoints(IServiceCollection services)
    {
        services.AddSingleton<Stopping>();
        services.AddSingleton<HeldBytes>();
        services.AddSingleton(provider => new HealthEndpoint(
            provider.GetRequiredService<Stopping>(), provider.GetServices<IHostedService>, provider.GetService<IStorageHealth>()));
        services.AddSingleton(provider => new CallEndpoint(
            provider.GetRequiredService<Authenticator>(),
            provider.GetRequiredService<CallServices>(),
            provider.GetRequiredService<CallPipeline>(),
            provider.GetRequiredService<Stopping>(),
            provider.GetService<IDeferredCalls>(),
            provider.GetService<IdempotentCalls>()));
        services.AddSingleton(provider => new PassedEndpoint(
            provider.GetRequiredService<Authenticator>(),
            provider.GetRequiredService<CallServices>(),
            provider.GetRequiredService<CallPipeline>(),
            provider.GetRequiredService<Stopping>(),
            provider.GetRequiredService<HeldBytes>(),
            provider.GetRequiredService<ModelsEndpoint>()));
        services.AddSingleton<CrossOrigin>();
        services.AddSingleton(provider => new ReservationEndpoint(
            provider.GetRequiredService<Authenticator>(),
            provider.GetRequiredService<CallServices>(),
            provider.GetRequiredService<Stopping>(),
            provider.GetService<ISettlementRelay>()));
        services.AddSingleton(provider => new PreflightEndpoint(
            provider.GetRequiredService<Authenticator>(),
            provider.GetRequiredService<CallServices>(),
            new RunPreflight(
                provider.GetRequiredService<ILimiter>(),
                provider.GetRequiredService<RouteTable>(),
                provider.GetRequiredService<AnswerPace>(),
                provider.GetRequiredService<Watch>(),
                provider.GetRequiredService<ConsumerLedger>(),
                provider.GetRequiredService<TimeProvider>()),
            provider.GetRequiredService<SpendDesk>()));
        services.AddSingleton(provider => new ModelsEndpoint(
            provider.GetRequiredService<Authenticator>(), provider.GetRequiredService<RouteTable>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new UsageEndpoint(
            provider.GetRequiredService<Authenticator>(),
            provider.GetRequiredService<IUsageLedger>(),
            provider.GetRequiredService<GatewayConfiguration>(),
            provider.GetRequiredService<OperatorGate>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new StatusEndpoint(
            provider.GetRequiredService<Authenticator>(),
            provider.GetRequiredService<ILimiter>(),
            provider.GetRequiredService<AdmissionHeaders>(),
            provider.GetRequiredService<MetricSeries>(),
            provider.GetRequiredService<SpendDesk>(),
            provider.GetRequiredService<OperatorGate>(),
            provider.GetRequiredService<AlertBoard>(),
            provider.GetRequiredService<LimitBoard>()));
    }
}
