using System.Diagnostics.Metrics;
using System.Text.Json;
using Azure.Monitor.OpenTelemetry.Exporter;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Functions.Activities;
using FuncLimiter.Functions.Batches;
using FuncLimiter.Functions.Entities;
using FuncLimiter.Functions.Leasing;
using FuncLimiter.Functions.Storage;
using FuncLimiter.Functions.Storage.Usage;
using FuncLimiter.Functions.Triggers;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Idempotency;
using FuncLimiter.Gateway.Calls.Reservations;
using FuncLimiter.Gateway.Calls.Spending;
using FuncLimiter.Gateway.Calls.State;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Http;
using FuncLimiter.Gateway.Http.Jobs;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Gateway.Jobs.Batches;
using FuncLimiter.Gateway.Operations.Admin;
using FuncLimiter.Gateway.Operations.Recording;
using FuncLimiter.Gateway.Operations.Usage;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;

namespace FuncLimiter.Functions.Hosting;

/// <summary>Puts the app together.</summary>
internal static class AppServices
{
    private const string StorageConnection = "AzureWebJobsStorage";
    private const string ServiceBusConnection = "ServiceBusConnection";
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(30);

    /// <summary>Adds everything; false after every mistake in the configuration was told.</summary>
    public static async Task<bool> TryAddAsync(IServiceCollection services, IConfiguration settings, string folder, TextWriter errors)
    {
        var storage = new StorageSettings(settings, StorageConnection);
        var tables = new JobTables(
            new AzureRowTable(storage, "FuncLimiterJobs"), new AzureRowTable(storage, "FuncLimiterAnswers"),
            new AzureRowTable(storage, "FuncLimiterUsage"), new AzureRowTable(storage, JobTables.SettingsName));
        IReadOnlyList<Row> overlay = [];
        try
        {
            overlay = await ReadOverlayAsync(tables.Settings);
        }
        catch (Exception failure) when (failure is Azure.RequestFailedException or AggregateException or InvalidOperationException)
        {
            await errors.WriteLineAsync($"Storage ({StorageConnection}) can't be reached: {failure.Message}");
            return false;
        }

        string? Setting(string name) => settings[name];
        if (AppConfiguration.Read(folder, Setting, file => ConfigurationOverlay.Apply(file, overlay), errors) is not { } configuration)
        {
            return false;
        }

        services.AddSingleton(tables);
        services.AddSingleton<IPayloads>(new AzurePayloads(storage, "funclimiter-payloads"));
        services.AddSingleton<IAppendBlobs>(new AzureAppendBlobs(storage, BlobRecord.Container));
        services.AddSingleton(storage.Credential());
        services.AddSingleton<IReplyQueues>(new ServiceBusReplies(new StorageSettings(settings, ServiceBusConnection)));
        var options = new GatewayOptions { LocalIsOperator = AppConfiguration.IsDevelopment(Setting) };
        services.Configure<KestrelServerOptions>(kestrel => kestrel.Limits.MaxRequestBodySize = options.MaxUploadBytes);
        Add(services, configuration, options);
        var file = AppConfiguration.PathOf(folder, Setting);
        AddWatch(services, tables.Settings, cancellationToken => File.ReadAllBytesAsync(file, cancellationToken), Setting, ConfigurationOverlay.Apply(await File.ReadAllBytesAsync(file), overlay));
        services.AddHostedService(provider => provider.GetRequiredService<ConfigurationWatch>());
        services.AddHostedService<RenewalService>();
        services.AddHostedService<LeaseMetrics>();
        AddTelemetry(services, settings);
        return true;
    }

    /// <summary>Adds everything that stands on storage and queues, and not on where they are.</summary>
    public static void Add(IServiceCollection services, GatewayConfiguration configuration, GatewayOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(PolicyOf(configuration));
        services.AddSingleton(provider => new LeaseSource(configuration, provider.GetRequiredService<LeasePolicy>()));
        services.AddSingleton<DurableClientSource>();
        services.AddSingleton<EntityQuestions>();
        services.AddSingleton<OwnersLimits>();
        services.AddSingleton<EntityLeaseOwners>();
        services.AddSingleton<ILeaseOwners>(provider => provider.GetRequiredService<EntityLeaseOwners>());
        services.AddSingleton(provider => MakeLimiter(provider.GetRequiredService<LeaseSource>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ILimiter>(provider => provider.GetRequiredService<EmbeddedLimiter>());
        services.AddSingleton<ISpendOwners, EntitySpendOwners>();
        services.AddSingleton<ISharedLearning, EntityTeaching>();
        services.AddSingleton<SettlementMailbox>();
        services.AddSingleton<ISettlementRelay>(provider => provider.GetRequiredService<SettlementMailbox>());
        services.AddHostedService(provider => provider.GetRequiredService<SettlementMailbox>());
        services.AddSingleton<TableUsage>();
        services.AddSingleton<IUsageLedger>(provider => provider.GetRequiredService<TableUsage>());
        services.AddSingleton(ConfigurationOverlay.Settings);
        if (configuration.Record is { } record)
        {
            services.AddSingleton(provider => ActivatorUtilities.CreateInstance<BlobRecord>(provider, record));
            services.AddSingleton<IRecordSink>(provider => provider.GetRequiredService<BlobRecord>());
            services.AddCallRecorder(configuration);
        }

        services.AddFuncLimiter(configuration, options);
        services.AddSingleton<HttpSurface>();
        AddJobs(services);
        services.AddHostedService(provider => provider.GetRequiredService<TableUsage>());
    }

    /// <summary>Adds what takes up a changed configuration, and what operators have stored over it, in each instance: within a minute.</summary>
    /// <param name="settings">What operators have stored.</param>
    /// <param name="readAsync">Reads the file.</param>
    /// <param name="setting">A setting of the app, or null.</param>
    /// <param name="atStart">What the app was started with.</param>
    public static void AddWatch(
        IServiceCollection services, IRowTable settings, Func<CancellationToken, Task<byte[]>> readAsync, Func<string, string?> setting, byte[] atStart)
    {
        services.AddSingleton(provider => new ConfigurationSource(cancellationToken => ReadAsync(readAsync, settings, cancellationToken), setting)
        {
            AtStart = atStart,
            Interval = LookEvery,
            Check = changed => AppConfiguration.Faults(changed, setting),
            TakenUp = provider.GetRequiredService<LeaseSource>().Follow,
            TakesKeysAlone = true,
        });
        services.AddSingleton<ConfigurationWatch>();
    }

    // Entities take tens of operations a second: an owner is asked no more than ten times in one, however many instances there are.
    private static LeasePolicy PolicyOf(GatewayConfiguration configuration) => new()
    {
        MinRefresh = TimeSpan.FromSeconds(1),
        Floor = [0, configuration.Queue.StandardFloor, configuration.Queue.BackgroundFloor],
    };

    // A new name at every start: what an earlier process of this instance held is its own.
    private static EmbeddedLimiter MakeLimiter(LeaseSource source, TimeProvider time) =>
        new(source.Spec with { Leases = new LeaseTerms(Guid.NewGuid().ToString("N"), source.Policy) }, time);

    private static void AddJobs(IServiceCollection services)
    {
        services.AddJobs();
        services.AddSingleton<JobArchive>();
        services.AddSingleton<JobResults>();
        services.AddSingleton<JobFinder>();
        services.AddSingleton<DurableJobStore>();
        services.AddSingleton<IJobStore>(provider => provider.GetRequiredService<DurableJobStore>());
        services.AddSingleton<BatchChoice>();
        services.AddSingleton<BatchDeposits>();
        services.AddSingleton<BatchWork>();
        services.AddSingleton<GivenUpJobs>();
        services.AddSingleton<LegRunner>();
        services.AddSingleton<MessageTenants>();
        services.AddSingleton<RequestIntake>();
        services.AddSingleton<TableState>();
        services.AddSingleton<IStateStore>(provider => provider.GetRequiredService<TableState>());
        services.AddHostedService(provider => provider.GetRequiredService<TableState>());
        services.AddSingleton<TableAnswers>();
        services.AddSingleton<IIdempotencyStore>(provider => provider.GetRequiredService<TableAnswers>());
        services.AddSingleton(new IdempotencyOptions());
        services.AddSingleton<IdempotentCalls>();
    }

    private static async Task<byte[]> ReadAsync(Func<CancellationToken, Task<byte[]>> readAsync, IRowTable settings, CancellationToken cancellationToken)
    {
        var file = await readAsync(cancellationToken);
        try
        {
            return ConfigurationOverlay.Apply(file, await ReadOverlayAsync(settings));
        }
        catch (Exception failure) when (failure is Azure.RequestFailedException or AggregateException or InvalidOperationException or JsonException or OperationCanceledException)
        {
            throw new IOException($"The table {JobTables.SettingsName} can't be read: {failure.Message}", failure);
        }
    }

    private static async Task<IReadOnlyList<Row>> ReadOverlayAsync(IRowTable settings)
    {
        const int most = 10_000;
        var tenants = await settings.ReadAsync(ConfigurationOverlay.Tenants, "", JobRows.Last, most, CancellationToken.None);
        var limits = await settings.ReadAsync(ConfigurationOverlay.Limits, "", JobRows.Last, most, CancellationToken.None);
        return [.. tenants, .. limits];
    }

    private static void AddTelemetry(IServiceCollection services, IConfiguration settings)
    {
        IOpenTelemetryBuilder telemetry = services.AddOpenTelemetry();
        telemetry.UseFunctionsWorkerDefaults()
            .WithMetrics(metrics => metrics.AddMeter(MetricNames.Source))
            .WithTracing(traces => traces.AddSource(MetricNames.Source));
        if (settings["APPLICATIONINSIGHTS_CONNECTION_STRING"] is { Length: > 0 })
        {
            var identity = new StorageSettings(settings, StorageConnection);
            telemetry.UseAzureMonitorExporter(exporter => exporter.Credential = identity.ConnectionString is null ? identity.Credential() : null);
        }
    }
}

/// <summary>What leasing costs, as a metric of this instance beside those that the gateway has everywhere.</summary>
internal sealed class LeaseMetrics(EntityLeaseOwners owners) : IHostedService, IDisposable
{
    private readonly Meter _meter = new(MetricNames.Source);

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _meter.CreateObservableCounter(
            "funclimiter.lease.operations", () => owners.Asked, "{operation}", "Operations asked of the entities that own budgets.");
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
