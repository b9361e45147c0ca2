using FuncLimiter.Gateway.Http.Jobs;
using Microsoft.Extensions.DependencyInjection;

namespace FuncLimiter.Gateway.Jobs.Batches;

/// <summary>Puts the use of batch services together.</summary>
public static class BatchRegistration
{
    /// <summary>
    /// Adds the loop that hands batches in and follows them, for a host that runs jobs itself. Needs an <see cref="IBatchStore"/> beside what
    /// <see cref="JobRegistration.AddJobRunner"/> needs.
    /// </summary>
    /// <param name="services">Where to.</param>
    public static IServiceCollection AddBatchRunner(this IServiceCollection services)
    {
        services.AddSingleton<BatchHandling>();
        services.AddHostedService<BatchRunner>();
        return services;
    }
}
