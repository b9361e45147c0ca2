using System.Text;
using FuncLimiter.Functions.Activities;
using FuncLimiter.Functions.Entities;
using FuncLimiter.Functions.Hosting;
using FuncLimiter.Functions.Leasing;
using FuncLimiter.Functions.Storage;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Tests.Leasing;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Upstream;
using FuncLimiter.Gateway.Calls.Upstream.Credentials;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Providers.Batches;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;

namespace FuncLimiter.Functions.Tests.World;

/// <summary>The whole app in virtual time: processes, a durable backend, storage, queues and a scripted provider.</summary>
internal sealed class AppWorld
{
    public const string Configuration = """
        {
          "accounts": [{ "id": "one", "provider": "openai", "apiKey": "${KEY}", "batch": { "minDeadlineSeconds": 85000, "reserveSeconds": 3600 },
            "models": [{ "model": "gpt-x", "limits": { "rpm": 60000, "tpm": 60000000 } }] }],
          "tenants": [{ "id": "acme", "keys": ["sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"], "webhookSecret": "${KEY}" }]
        }
        """;

    private readonly UpstreamDouble? _upstream;

    private AppWorld(HubOptions options, string configuration, UpstreamDouble? upstream)
    {
        _upstream = upstream;
        File = configuration;
        var read = ConfigurationReader.Read(configuration, _ => "a-secret-of-the-tests");
        Assert.Empty(read.Mistakes);
        Settings = read.Configuration!;
        Time = new SimulatedTime();
        Pump = new Pump(Time);
        Hub = new Hub(options, Time, Pump, Services);
    }

    /// <summary>The key of tenant <c>acme</c>.</summary>
    public const string Key = "foo";

    public GatewayConfiguration Settings { get; }

    /// <summary>The configuration's file as it stands; what it was at first, every process starts with.</summary>
    public string File { get; set; }

    public SimulatedTime Time { get; }

    public Pump Pump { get; }

    public Hub Hub { get; }

    public TableContent Jobs { get; } = new();

    public TableContent Answers { get; } = new();

    public TableContent Usage { get; } = new();

    public TableContent Overlay { get; } = new();

    public AppendBlobsContent Record { get; } = new();

    public Dictionary<string, byte[]> Payloads { get; } = new(StringComparer.Ordinal);

    public ScriptedProvider Provider { get; } = new();

    public BatchService Batches { get; } = new();

    public List<(string Queue, QueuedReply Reply)> Replies { get; } = [];

    /// <summary>What storage answers instead of what it should; null while it works.</summary>
    public Exception? Storage { get; set; }

    /// <summary>Runs something in a world of its own.</summary>
    /// <param name="act">What.</param>
    /// <param name="options">How the backend behaves.</param>
    /// <param name="configuration">The app's configuration.</param>
    /// <param name="upstream">The provider of calls that the app's own limiter lets out; null for legs by <see cref="Provider"/>'s script.</param>
    public static AppWorld Run(
        Func<AppWorld, Task> act, HubOptions? options = null, string configuration = Configuration, UpstreamDouble? upstream = null)
    {
        var world = new AppWorld(options ?? new HubOptions(), configuration, upstream);
        world.Pump.Run(() => act(world));
        return world;
    }

    /// <summary>A service of some process, which has seen its first function.</summary>
    public T Get<T>(int worker = 0)
        where T : notnull
    {
        var process = Hub.Workers[worker];
        process.Services.GetRequiredService<DurableClientSource>().Use(Hub.Client(process));
        return process.Services.GetRequiredService<T>();
    }

    /// <summary>Waits until a job has ended, looking at it as its tenant does.</summary>
    public async Task<JobSnapshot> EndOfAsync(string job, string tenant = "acme")
    {
        while (true)
        {
            await Task.Delay(TimeSpan.FromSeconds(5), Time);
            if (await Get<JobService>().FindAsync(tenant, job, JobPage.First, CancellationToken.None) is { EndedAt: not null } found
                && Hub.Find(job) is { IsOver: true })
            {
                return found;
            }
        }
    }

    /// <summary>Has every process keep its leases renewed.</summary>
    /// <param name="outage">When owners can't be reached; null for never.</param>
    public void RenewLeases(OwnerOutage? outage = null)
    {
        for (var worker = 0; worker < Hub.Workers.Count; worker++)
        {
            var owners = Get<ILeaseOwners>(worker);
            owners = outage is null ? owners : new OwnersOutOfReach(owners, Time, outage, Get<LeaseSource>(worker).Policy.AnswerWithin);
            var renewal = new LeaseRenewal(Get<EmbeddedLimiter>(worker), owners, Time, (_, failure) => Assert.Fail(failure.ToString()));
            _ = renewal.RunAsync(CancellationToken.None);
        }
    }

    private ServiceProvider Services(Worker worker)
    {
        async Task PassAsync()
        {
            await worker.Living();
            await Task.Delay(TimeSpan.FromMilliseconds(3), Time);
            await worker.Living();
            if (Storage is { } trouble)
            {
                throw trouble;
            }
        }

        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IHostApplicationLifetime, ApplicationLifetime>();
        services.AddSingleton<TimeProvider>(Time);
        services.AddSingleton(new JobTables(
            new TableDouble(Jobs, PassAsync), new TableDouble(Answers, PassAsync), new TableDouble(Usage, PassAsync), new TableDouble(Overlay, PassAsync)));
        services.AddSingleton<IPayloads>(new PayloadsDouble(Payloads, PassAsync));
        services.AddSingleton<IAppendBlobs>(new AppendBlobsDouble(Record, PassAsync));
        services.AddSingleton<IReplyQueues>(new RepliesDouble(Replies, PassAsync));
        services.AddSingleton<Func<string, ProviderBatches?>>(_ => new ScriptedBatches(Batches, Time, PassAsync));
        AppServices.Add(services, Settings, new GatewayOptions());
        AppServices.AddWatch(
            services, new TableDouble(Overlay, PassAsync), _ => Task.FromResult(Encoding.UTF8.GetBytes(File)), _ => "a-secret-of-the-tests", Encoding.UTF8.GetBytes(File));
        if (_upstream is null)
        {
            services.AddSingleton<ICallLegs>(new ScriptedLegs(Provider, Time, PassAsync));
        }
        else
        {
            services.AddSingleton(provider => new UpstreamClient(_upstream.For(worker, Time), provider.GetRequiredService<UpstreamCredentials>()));
        }

        return services.BuildServiceProvider();
    }

    private sealed class RepliesDouble(List<(string Queue, QueuedReply Reply)> replies, Func<Task> pass) : IReplyQueues
    {
        public async Task SendAsync(string queue, QueuedReply reply, CancellationToken cancellationToken)
        {
            await pass();
            replies.Add((queue, reply));
        }
    }
}
