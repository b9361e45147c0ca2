using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Calls.Idempotency;

/// <summary>Puts idempotent calls together.</summary>
internal static class IdempotencyRegistration
{
    /// <summary>Adds <see cref="IdempotentCalls"/> and what forgets expired answers. Needs an <see cref="IIdempotencyStore"/> and an <see cref="ICallExecutor"/> beside it.</summary>
    /// <param name="options">How answers are kept; null for the defaults.</param>
    public static IServiceCollection AddIdempotentCalls(this IServiceCollection services, IdempotencyOptions? options = null)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options ?? new IdempotencyOptions());
        services.AddSingleton<IdempotentCalls>();
        services.AddHostedService<IdempotencySweeper>();
        return services;
    }
}

/// <summary>Forgets answers whose keys have expired.</summary>
internal sealed class IdempotencySweeper(IIdempotencyStore store, TimeProvider time, ILogger<IdempotencySweeper> logger) : PeriodicSweep(time, logger)
{
    private const int MostAtOnce = 500;

    protected override Task<int> SweepAsync(DateTimeOffset now, CancellationToken cancellationToken) => store.SweepAsync(now, MostAtOnce, cancellationToken);
}
