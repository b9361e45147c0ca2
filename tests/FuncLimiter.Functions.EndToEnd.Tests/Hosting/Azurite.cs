using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace FuncLimiter.Functions.EndToEnd.Tests.Hosting;

/// <summary>The storage emulator, one process for all tests; each test's app has an account of its own there.</summary>
internal sealed class Azurite
{
    private const int Accounts = 24;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(120);
    private static readonly string Program = Path.Combine(Repository.Root, "tests", "azurite", "node_modules", "azurite", "dist", "src", "azurite.js");
    private static readonly string? Node = Find(OperatingSystem.IsWindows() ? "node.exe" : "node");

    // It ends as soon as the process that started it does, however that ends.
    private const string Start = "process.stdin.on('end', () => process.exit()).resume(); require(process.argv[1]);";

    private static readonly Lazy<Task<Azurite>> Shared = new(StartAsync);

    private readonly string _key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(64));
    private int _taken;

    private Azurite(int[] ports) => Ports = ports;

    /// <summary>Why it can't run here; null where it can.</summary>
    public static string? Obstacle { get; } =
        Node is null ? "node is not installed"
        : !File.Exists(Program) ? "the storage emulator is not installed: run npm ci in tests/azurite"
        : null;

    /// <summary>The ports of blobs, queues and tables.</summary>
    public int[] Ports { get; }

    /// <summary>An account that nobody else has, as a connection string.</summary>
    /// <param name="ports">The ports to reach it by; its own where null.</param>
    public static async Task<string> NewAccountAsync(int[]? ports = null)
    {
        var azurite = await Shared.Value;
        var name = $"account{Interlocked.Increment(ref azurite._taken)}";
        string Endpoint(int service) => $"http://127.0.0.1:{(ports ?? azurite.Ports)[service].ToString(CultureInfo.InvariantCulture)}/{name}";
        return $"DefaultEndpointsProtocol=http;AccountName={name};AccountKey={azurite._key};"
            + $"BlobEndpoint={Endpoint(0)};QueueEndpoint={Endpoint(1)};TableEndpoint={Endpoint(2)};";
    }

    /// <summary>The ports of blobs, queues and tables.</summary>
    public static async Task<int[]> PortsAsync() => (await Shared.Value).Ports;

    private static async Task<Azurite> StartAsync()
    {
        var azurite = new Azurite([FreePort(), FreePort(), FreePort()]);
        string Port(int service) => azurite.Ports[service].ToString(CultureInfo.InvariantCulture);
        string[] arguments =
        [
            "-e", Start, "--", Program, "--blobPort", Port(0), "--queuePort", Port(1), "--tablePort", Port(2), "--skipApiVersionCheck", "--inMemoryPersistence",
        ];
        var process = Process.Start(new ProcessStartInfo(Node!, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Directory.CreateTempSubdirectory("funclimiter-azurite-").FullName,
            Environment = { ["AZURITE_ACCOUNTS"] = string.Join(';', Enumerable.Range(1, Accounts).Select(n => $"account{n}:{azurite._key}")) },
        })!;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => process.Kill();
        var listening = 0;
        var isListening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.Contains("successfully listening", StringComparison.Ordinal) is true && Interlocked.Increment(ref listening) == azurite.Ports.Length)
            {
                isListening.TrySetResult();
            }
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await isListening.Task.WaitAsync(Longest);
        return azurite;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);
}

/// <summary>A test of the whole app, skipped with the reason where its storage can't run.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class EndToEndFactAttribute : FactAttribute
{
    public EndToEndFactAttribute() => Skip = Azurite.Obstacle;
}

/// <summary>Tests of the whole app, skipped with the reason where its storage can't run.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class EndToEndTheoryAttribute : TheoryAttribute
{
    public EndToEndTheoryAttribute() => Skip = Azurite.Obstacle;
}
