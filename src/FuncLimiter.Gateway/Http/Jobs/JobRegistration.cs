using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Gateway.Jobs.Batches;
using FuncLimiter.Gateway.Jobs.Running;
using FuncLimiter.Gateway.Jobs.Webhooks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace FuncLimiter.Gateway.Http.Jobs;

/// <summary>Puts jobs together.</summary>
internal static class JobRegistration
{
    /// <summary>
    /// Adds everything that takes and shows jobs. Needs a <see cref="GatewayConfiguration"/>, an <see cref="IJobStore"/> and a
    /// <see cref="GatewayOptions"/> beside it.
    /// </summary>
    public static IServiceCollection AddJobs(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<JobCallReader>();
        services.AddSingleton<BatchOffers>();
        services.AddSingleton<RunningItems>();
        services.AddSingleton<JobSignals>();
        services.AddSingleton<JobPace>();
        services.AddSingleton<JobJson>();
        services.AddSingleton<JobFit>();
        services.AddSingleton<WebhookSecrets>();
        services.AddSingleton<WebhookSender>();
        services.AddSingleton<WebhookDelivery>();
        services.AddSingleton<JobService>();
        services.AddSingleton<IDeferredCalls, DeferredCalls>();
        return services;
    }

    /// <summary>
    /// Adds the loops that run jobs in this process, deliver their outcomes and forget them in time. Needs an <see cref="IJobSource"/>, an
    /// <see cref="ICallExecutor"/> and an <see cref="IDeliveryStore"/> beside it. A host that runs jobs in its own way leaves this out.
    /// </summary>
    public static IServiceCollection AddJobRunner(this IServiceCollection services)
    {
        services.AddSingleton<JobItemRunner>();
        services.AddHostedService<JobRunner>();
        services.AddHostedService<WebhookRunner>();
        services.AddHostedService<JobSweeper>();
        return services;
    }

    /// <summary>
    /// Adds the loop that hands batches in and follows them, for a host that runs jobs itself. Needs an <see cref="IBatchStore"/> beside what
    /// <see cref="AddJobRunner"/> needs.
    /// </summary>
    public static IServiceCollection AddBatchRunner(this IServiceCollection services)
    {
        services.AddSingleton<BatchHandling>();
        services.AddHostedService<BatchRunner>();
        return services;
    }
}
