using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using FuncLimiter.Functions.Host.Protocol;
using Grpc.Core;

namespace FuncLimiter.Functions.Host;

/// <summary>The process that runs the app, started again where it ends. Given up after three starts that failed, as the Functions host does.</summary>
/// <param name="folder">The app, as built or published.</param>
internal sealed class WorkerProcess(string folder) : IDisposable
{
    private const int MostStarts = 3;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(120);

    private readonly TaskCompletionSource _givenUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile WorkerSession _session = new();
    private volatile TaskCompletionSource<Uri> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isEnding;
    private Process? _process;
    private int _port;

    /// <summary>The app's functions by their names.</summary>
    public IReadOnlyDictionary<string, WorkerFunction> Functions { get; private set; } = new Dictionary<string, WorkerFunction>();

    /// <summary>How often each function was started.</summary>
    public ConcurrentDictionary<string, long> Invocations { get; } = [];

    /// <summary>What a function is given that asks for a Durable client.</summary>
    public string DurableClient { get; set; } = "";

    /// <summary>Where the worker takes HTTP itself; waits while it starts.</summary>
    public Task<Uri> HttpAddress => _ready.Task;

    /// <summary>Whether it runs now.</summary>
    public bool IsReady => _ready.Task.IsCompletedSuccessfully;

    /// <summary>Ends when the worker is not started again.</summary>
    public Task GivenUp => _givenUp.Task;

    /// <summary>Starts the process, and learns its functions.</summary>
    /// <param name="port">Where the host listens for it.</param>
    /// <exception cref="InvalidOperationException">It does not start.</exception>
    public async Task StartAsync(int port)
    {
        _port = port;
        await StartSomehowAsync();
        if (_givenUp.Task.IsCompleted)
        {
            throw new InvalidOperationException("The worker does not start.");
        }
    }

    /// <summary>Runs the app's warm-up function, if it has one, as the Functions host does on an instance that is added, before calls come.</summary>
    public async Task WarmUpAsync()
    {
        foreach (var function in Functions.Values.Where(function => function.IsStartedBy("warmupTrigger")))
        {
            Check((await Begin(function.Name, new Value { String = "" }, new Dictionary<string, string>(), CancellationToken.None).Answer).Result);
        }
    }

    /// <summary>Starts a function that returns a value, and waits for the value.</summary>
    public async Task<object?> CallAsync(string name, string input, string? instance)
    {
        await _ready.Task;
        var (_, answer) = Begin(
            name, new Value { String = input }, instance is null ? [] : new Dictionary<string, string> { ["instanceId"] = instance }, CancellationToken.None);
        var response = await answer;
        Check(response.Result);
        return response.ReturnValue?.DataCase switch
        {
            // Each as an object of its own: a text would become a JSON value, which the branches have in common.
            Value.DataOneofCase.String => (object)response.ReturnValue.String,
            Value.DataOneofCase.Json => Newtonsoft.Json.JsonConvert.DeserializeObject<Newtonsoft.Json.Linq.JToken>(
                response.ReturnValue.Json, new Newtonsoft.Json.JsonSerializerSettings { DateParseHandling = Newtonsoft.Json.DateParseHandling.None }),
            Value.DataOneofCase.Int => response.ReturnValue.Int,
            Value.DataOneofCase.Double => response.ReturnValue.Double,
            _ => null,
        };
    }

    /// <summary>Starts a function in the process that runs now.</summary>
    /// <returns>The invocation's id, and its end.</returns>
    public (string Id, Task<InvocationResponse> Answer) Begin(
        string name, Value input, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        var function = Functions[name];
        Invocations.AddOrUpdate(function.Name, 1, (_, count) => count + 1);
        var request = new InvocationRequest
        {
            InvocationId = Guid.NewGuid().ToString(),
            FunctionId = function.Id,
            RetryContext = new RetryContext(),
            TraceContext = new TraceContext
            {
                TraceParent = Activity.Current?.Id ?? $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00",
                TraceState = Activity.Current?.TraceStateString ?? "",
            },
        };
        request.InputData.Add(new Parameter { Name = function.TriggerName, Data = input });
        request.InputData.Add(function.ClientNames.Select(client => new Parameter { Name = client, Data = new Value { String = DurableClient } }));
        foreach (var (key, value) in metadata)
        {
            request.TriggerMetadata[key] = new Value { String = value };
        }

        return (request.InvocationId, _session.InvokeAsync(request, cancellationToken));
    }

    /// <summary>Throws what a function failed with.</summary>
    public static void Check(Outcome? outcome)
    {
        if (outcome is { Status: not Outcome.Types.Status.Success })
        {
            throw new WorkerFailedException(outcome);
        }
    }

    public void Dispose()
    {
        _isEnding = true;
        try
        {
            _process?.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended already.
        }
    }

    private async Task StartSomehowAsync()
    {
        for (var attempt = 1; !_isEnding; attempt++)
        {
            try
            {
                await StartOnceAsync();
                return;
            }
            catch (Exception failure) when (failure is InvalidOperationException or WorkerFailedException or TimeoutException)
            {
                Log.Write($"The worker did not start: {failure.Message}");
                if (attempt == MostStarts)
                {
                    Log.Write("Exceeded language worker restart retry count for runtime: dotnet-isolated.");
                    _givenUp.TrySetResult();
                    return;
                }
            }
        }
    }

    private async Task StartOnceAsync()
    {
        var session = _session = new WorkerSession();
        var isStarted = session.Expect(message => message.ContentCase == StreamingMessage.ContentOneofCase.StartStream);
        var isInitialized = session.Expect(message => message.ContentCase == StreamingMessage.ContentOneofCase.WorkerInitResponse);
        var isIndexed = session.Expect(message => message.ContentCase == StreamingMessage.ContentOneofCase.FunctionMetadataResponse);
        var process = _process = Run();
        var exit = process.WaitForExitAsync();
        try
        {
            await SoonAsync(isStarted);
            session.Send(new StreamingMessage
            {
                WorkerInitRequest = new InitRequest
                {
                    HostVersion = "4.1049.0",
                    WorkerDirectory = folder,
                    FunctionAppDirectory = folder,
                    Capabilities = { ["RpcHttpBodyOnly"] = "true" },
                },
            });
            var worker = (await SoonAsync(isInitialized)).WorkerInitResponse;
            Check(worker.Result);
            session.Send(new StreamingMessage { FunctionsMetadataRequest = new MetadataRequest { FunctionAppDirectory = folder } });
            var index = (await SoonAsync(isIndexed)).FunctionMetadataResponse;
            Check(index.Result);
            var functions = new Dictionary<string, WorkerFunction>(StringComparer.OrdinalIgnoreCase);
            foreach (var function in index.Functions.Where(function => !IsDisabled(function.Name)))
            {
                functions[function.Name] = await LoadAsync(session, function, SoonAsync);
            }

            Functions = functions;
            Log.Write($"The worker is process {process.Id}, with {functions.Count} functions.");
            _ready.TrySetResult(new Uri(worker.Capabilities["HttpUri"]));
            _ = AgainAsync(session, process, exit);
        }
        catch
        {
            session.End();
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }

            throw;
        }

        async Task<StreamingMessage> SoonAsync(Task<StreamingMessage> message) =>
            await Task.WhenAny(message, exit).WaitAsync(Longest) == message
                ? await message
                : throw new InvalidOperationException($"its process ended with {process.ExitCode}.");
    }

    // By a setting, whose name may have underscores for points.
    private static bool IsDisabled(string function) =>
        "true".Equals(Environment.GetEnvironmentVariable($"AzureWebJobs.{function}.Disabled"), StringComparison.OrdinalIgnoreCase)
        || "true".Equals(Environment.GetEnvironmentVariable($"AzureWebJobs_{function}_Disabled"), StringComparison.OrdinalIgnoreCase);

    private Process Run()
    {
        var description = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "worker.config.json")))!["description"]!;
        var id = Guid.NewGuid().ToString();
        var port = _port.ToString(CultureInfo.InvariantCulture);
        string[] arguments =
        [
            Path.Combine(folder, (string)description["defaultWorkerPath"]!),
            "--functions-uri", $"http://127.0.0.1:{port}/", "--functions-worker-id", id, "--functions-request-id", id,
            "--functions-grpc-max-message-length", int.MaxValue.ToString(CultureInfo.InvariantCulture),
        ];
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["FUNCTIONS_APPLICATION_DIRECTORY"] = folder },
        };
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Tell(line.Data);
        process.ErrorDataReceived += (_, line) => Tell(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;

        static void Tell(string? line)
        {
            if (line is not null)
            {
                Log.Write("worker: " + line);
            }
        }
    }

    private static async Task<WorkerFunction> LoadAsync(
        WorkerSession session, Function function, Func<Task<StreamingMessage>, Task<StreamingMessage>> soonAsync)
    {
        if (function.FunctionId.Length == 0)
        {
            function.FunctionId = Guid.NewGuid().ToString();
        }

        var bindings = function.RawBindings.Select(json => JsonNode.Parse(json)!.AsObject()).ToArray();
        foreach (var binding in bindings)
        {
            function.Bindings[(string)binding["name"]!] = new Binding
            {
                Type = (string)binding["type"]!,
                Direction = "out".Equals((string?)binding["direction"], StringComparison.OrdinalIgnoreCase) ? Binding.Types.Direction.Out : Binding.Types.Direction.In,
            };
        }

        var isLoaded = session.Expect(message => message.FunctionLoadResponse?.FunctionId == function.FunctionId);
        session.Send(new StreamingMessage { FunctionLoadRequest = new LoadRequest { FunctionId = function.FunctionId, Metadata = function } });
        Check((await soonAsync(isLoaded)).FunctionLoadResponse.Result);
        return new WorkerFunction(function.FunctionId, function.Name, bindings);
    }

    private async Task AgainAsync(WorkerSession session, Process process, Task exit)
    {
        await exit;
        _ready = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        session.End();
        if (!_isEnding)
        {
            Log.Write($"The worker's process {process.Id} ended with {process.ExitCode}.");
            await StartSomehowAsync();
        }
    }

    /// <summary>Takes the stream that the worker opens.</summary>
    internal sealed class Service(WorkerProcess worker) : FunctionRpc.FunctionRpcBase
    {
        public override Task EventStream(
            IAsyncStreamReader<StreamingMessage> requestStream, IServerStreamWriter<StreamingMessage> responseStream, ServerCallContext context) =>
            worker._session.ServeAsync(requestStream, responseStream, context.CancellationToken);
    }
}
