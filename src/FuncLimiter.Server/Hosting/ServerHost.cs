using System.Runtime.CompilerServices;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Idempotency;
using FuncLimiter.Gateway.Http;
using FuncLimiter.Gateway.Http.Jobs;
using FuncLimiter.Gateway.Http.Requests;
using FuncLimiter.Gateway.Operations.Admin;
using FuncLimiter.Server.Storage;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Console;

namespace FuncLimiter.Server.Hosting;

/// <summary>The embedded server: the gateway, a limiter that owns the budgets, and one data directory.</summary>
internal sealed class ServerHost : IAsyncDisposable
{
    /// <summary>
    /// How long calls under way may go on once the server was asked to stop, unless DOTNET_SHUTDOWNTIMEOUTSECONDS says otherwise. What is left
    /// to be written then takes a few seconds more: with that it ends within the 30 seconds that Kubernetes and Azure Container Apps wait.
    /// </summary>
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(25);

    private const int UnreadBytes = 128 * 1024;

    private readonly WebApplication _app;
    private readonly Database? _database;

    private ServerHost(WebApplication app, Database? database) => (_app, _database) = (app, database);

    /// <summary>Where it listens.</summary>
    public Uri Address => new(Addresses.First());

    /// <summary>Where operators look, as a browser on this machine reaches it.</summary>
    public Uri Dashboard => new UriBuilder(Addresses.First()) is { Host: not ("0.0.0.0" or "[::]") } address
        ? new Uri(address.Uri, EndpointPaths.Dashboard)
        : new Uri($"http://localhost:{new Uri(Addresses.First()).Port}{EndpointPaths.Dashboard}");

    /// <summary>Everywhere it listens.</summary>
    public ICollection<string> Addresses => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;

    /// <summary>Builds a server and listens.</summary>
    /// <exception cref="IOException">An address can't be listened on.</exception>
    /// <exception cref="StorageException">The data directory can't be used.</exception>
    public static async Task<ServerHost> StartAsync(ServerSettings settings, CancellationToken cancellationToken)
    {
        var database = settings.DataDirectory is { } directory ? Database.Open(directory) : null;
        if (settings.DataDirectory is { } own)
        {
            BodyFile.Sweep(own);
        }

        WebApplication? app = null;
        var isStarted = false;
        try
        {
            app = Build(settings, database, () => isStarted);
            await app.StartAsync(cancellationToken);
            isStarted = true;
            var host = new ServerHost(app, database);
            if (OpenFiles.AreScarce)
            {
                await WarmUp.RunAsync(host.Address, cancellationToken);
            }

            app.Services.GetRequiredService<BoundedListening>().Bound(OpenFiles.Connections);
            return host;
        }
        catch
        {
            if (app is not null)
            {
                // Services that did start use the database; why the server didn't is what is to be told.
                await app.StopAsync(CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await app.DisposeAsync();
            }

            database?.Dispose();
            throw;
        }
    }

    /// <summary>Completes once the server was asked to stop, and has ended what was under way.</summary>
    public Task WaitForShutdownAsync(CancellationToken cancellationToken) => _app.WaitForShutdownAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _database?.Dispose();
    }

    // Apart from what else is built: what takes them is loaded with it, and takes descriptors.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void TakeWebSockets(WebApplication app) => app.UseWebSockets();

    private static WebApplication Build(ServerSettings settings, Database? database, Func<bool> isStarted)
    {
        // No file in the folder that it happens to be started in is read, whatever its name.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        ServerLogging.Configure(builder.Logging, settings.Quiet);

        // What fails at the start is said in a sentence by whoever starts the server.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", level => level >= ServerLogging.Least(settings.Quiet) && isStarted());
        builder.WebHost.UseUrls(settings.Urls).UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            PlainHttp2.Take(kestrel);

            // Where it listens was checked against who may call; no other setting may open more.
            kestrel.Configure(WithoutEndpoints(builder.Configuration));

            kestrel.Limits.MaxRequestBufferSize = UnreadBytes;

            // What Kestrel refuses has no body. So it reads on to what it may hold of a request anyway, and what is too long is refused with words.
            kestrel.Limits.MaxRequestLineSize = UnreadBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = UnreadBytes;
            kestrel.Limits.MaxRequestHeaderCount = LongHeads.MostHeadersRead;

            // Every endpoint bounds what it reads, and says so in the caller's dialect.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.RequestHeaderEncodingSelector = static _ => HeaderEncoding.Utf8OrLatin1;
        });
        // An error that passes must not end what else goes well; /health/ready tells of a service that is gone.
        builder.Services.Configure<HostOptions>(host => host.BackgroundServiceExceptionBehavior = BackgroundServiceExceptionBehavior.Ignore);
        if (builder.Configuration["shutdownTimeoutSeconds"] is null)
        {
            builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = DrainTime);
        }

        // What is not read yet of a body is in memory that no file takes over, and that goes back slowly; a connection takes a megabyte by itself.
        builder.Services.Configure<SocketTransportOptions>(static sockets => sockets.MaxReadBufferSize = UnreadBytes);
        builder.Services.AddSingleton<BoundedListening>();
        builder.Services.AddSingleton<IConnectionListenerFactory>(provider => provider.GetRequiredService<BoundedListening>());
        AddServices(builder.Services, settings, database);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        var app = builder.Build();
        if (!OpenFiles.AreScarce)
        {
            TakeWebSockets(app);
        }

        app.Use(LongHeads.Refuse);
        app.UseClientPaths();
        app.UseRouting();
        app.MapFuncLimiter();
        app.MapApiPage();
        if (database is not null)
        {
            app.MapJobs();
        }

        return app;
    }

    private static IConfiguration WithoutEndpoints(ConfigurationManager settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.GetSection("Kestrel").AsEnumerable(makePathsRelative: true)
            .Where(static setting => !setting.Key.StartsWith("Endpoints", StringComparison.OrdinalIgnoreCase)))
        .Build();

    private static void AddServices(IServiceCollection services, ServerSettings settings, Database? database)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(new Estimator());
        services.AddSingleton(provider => new EmbeddedLimiter(
            LimiterSpecs.From(settings.Configuration, isDurable: database is not null), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ILimiter>(provider => provider.GetRequiredService<EmbeddedLimiter>());
        if (database is not null)
        {
            // What stands first is started first and stopped last: budgets and usage are kept until no call is under way any more.
            services.AddStorage(database);
            services.AddSingleton<IAuditLog>(new AuditFile(Path.Combine(settings.DataDirectory!, "audit.jsonl")));
            services.AddHostedService<BudgetKeeper>();
            services.AddIdempotentCalls();
            services.AddJobs();
            services.AddJobRunner();
            services.AddBatchRunner();
        }

        services.AddCallRecorder(settings.Configuration);
        services.AddFuncLimiter(settings.Configuration, settings.Options with { BodyFolder = settings.Options.BodyFolder ?? settings.DataDirectory });
        services.AddLimitWatch();
        if (settings.Source is { } source)
        {
            services.AddSingleton(source);
            services.AddHostedService<ConfigurationWatch>();
        }

        services.AddHostedService<TelemetryExport>();
        services.AddHostedService<IdleCollection>();
        services.AddHostedService(provider => new Pulse(provider.GetRequiredService<EmbeddedLimiter>(), provider.GetRequiredService<TimeProvider>()));
    }

    /// <summary>Whoever started the server hears the process's signals.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

/// <summary>What the server logs, and where: lines on the console, none of them for a call that goes well.</summary>
internal static class ServerLogging
{
    /// <summary>Sets logging up.</summary>
    public static void Configure(ILoggingBuilder logging, bool quiet)
    {
        logging.ClearProviders();
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.UseUtcTimestamp = true;
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        logging.Services.Configure<ConsoleLoggerOptions>(console =>
        {
            console.LogToStandardErrorThreshold = LogLevel.Trace;
            console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite;
        });
        logging.SetMinimumLevel(Least(quiet));
        logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        logging.AddFilter("System.Net.Http", LogLevel.Warning);
    }

    /// <summary>What is said at least.</summary>
    public static LogLevel Least(bool quiet) => quiet ? LogLevel.Error : LogLevel.Information;
}
