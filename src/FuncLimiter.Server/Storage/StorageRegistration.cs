using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Idempotency;
using FuncLimiter.Gateway.Calls.Spending;
using FuncLimiter.Gateway.Calls.State;
using FuncLimiter.Gateway.Http.Endpoints;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Gateway.Jobs.Batches;
using FuncLimiter.Gateway.Jobs.Webhooks;
using FuncLimiter.Gateway.Operations.Usage;
using FuncLimiter.Server.Storage.Jobs;
using FuncLimiter.Server.Storage.Usage;

namespace FuncLimiter.Server.Storage;

/// <summary>Puts the server's storage together.</summary>
internal static class StorageRegistration
{
    /// <summary>Adds every store over one open data directory, which its opener closes after the container.</summary>
    /// <param name="database">The open data directory.</param>
    public static IServiceCollection AddStorage(this IServiceCollection services, Database database)
    {
        services.AddSingleton(database);
        services.AddSingleton<IStorageHealth>(database);
        services.AddSingleton<MetaStore>();
        services.AddSingleton<IBudgetStore, BudgetStore>();
        services.AddSingleton<ISpendStore, SpendStore>();
        services.AddSingleton<IJobSource, JobStore>();
        services.AddSingleton<IJobStore>(provider => provider.GetRequiredService<IJobSource>());
        services.AddSingleton<IDeliveryStore, DeliveryStore>();
        services.AddSingleton<IBatchStore, BatchStore>();
        services.AddSingleton<IIdempotencyStore, AnswerStore>();
        services.AddSingleton<IStateStore, StateStore>();
        services.AddSingleton<UsageLedger>();
        services.AddSingleton<IUsageLedger>(provider => provider.GetRequiredService<UsageLedger>());
        services.AddSingleton<IUsageSink>(provider => provider.GetRequiredService<UsageLedger>());
        services.AddHostedService(provider => provider.GetRequiredService<UsageLedger>());
        return services;
    }
}
