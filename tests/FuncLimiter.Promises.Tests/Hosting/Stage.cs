using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FuncLimiter.IndependentProvider;

namespace FuncLimiter.Promises.Tests.Hosting;

/// <summary>The independent provider, and in front of it the server as users run it: a process of its own with a configuration file.</summary>
internal sealed class Stage : IAsyncDisposable
{
    public const string ProviderKey = "sk-of-the-provider";
    private const string Announcement = "FuncLimiter listens on ";
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("funclimiter-promises-");
    private readonly StringBuilder _output = new();
    private Process? _process;

    private Stage(ProviderServer provider) => Server = provider;

    public ProviderServer Server { get; }

    public Provider Provider => Server.Provider;

    /// <summary>A client of the limiter.</summary>
    public HttpClient Client { get; private set; } = null!;

    /// <summary>What the server printed.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Starts both.</summary>
    /// <param name="settings">What the provider offers.</param>
    /// <param name="configuration">The limiter's configuration, told where the provider is.</param>
    public static async Task<Stage> StartAsync(Settings settings, Func<string, object> configuration)
    {
        var stage = new Stage(await ProviderServer.StartAsync(settings));
        await File.WriteAllTextAsync(stage.ConfigurationFile, JsonSerializer.Serialize(configuration(stage.Server.Address.ToString().TrimEnd('/'))));
        await stage.StartServerAsync();
        return stage;
    }

    private string ConfigurationFile => Path.Combine(_folder.FullName, "funclimiter.json");

    /// <summary>An account of one model, as the configuration takes it.</summary>
    public static object Account(string id, string provider, string endpoint, string model, object limits) => new
    {
        id,
        provider,
        endpoint,
        apiKey = "${PROVIDER_KEY}",
        models = new[] { new { model, limits } },
    };

    /// <summary>A tenant whose key is its id with <c>key-</c> before it.</summary>
    public static Dictionary<string, object> Tenant(string id, double weight = 1, object? limits = null, object? userLimits = null)
    {
        var tenant = new Dictionary<string, object>
        {
            ["id"] = id,
            ["weight"] = weight,
            ["keys"] = new[] { $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"key-{id}")))}" },
        };
        if (limits is not null)
        {
            tenant["limits"] = limits;
        }

        if (userLimits is not null)
        {
            tenant["userLimits"] = userLimits;
        }

        return tenant;
    }

    /// <summary>Starts a server process over the folder's configuration and data.</summary>
    public async Task StartServerAsync()
    {
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "FuncLimiter.Server.dll"), "serve", "--config", ConfigurationFile,
            "--data", Path.Combine(_folder.FullName, "data"), "--urls", "http://127.0.0.1:0",
        ];
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PROVIDER_KEY"] = ProviderKey;
        var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.Exited += (_, _) => address.TrySetException(new InvalidOperationException($"The server ended: {Output}"));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Client?.Dispose();
        Client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = int.MaxValue }) { BaseAddress = await address.Task.WaitAsync(Longest), Timeout = TimeSpan.FromMinutes(5) };

        void Keep(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is not { } text)
            {
                return;
            }

            lock (_output)
            {
                _output.AppendLine(text);
            }

            if (text.StartsWith(Announcement, StringComparison.Ordinal))
            {
                address.TrySetResult(new Uri(text[Announcement.Length..]));
            }
        }
    }

    /// <summary>Ends the server as a power cut does.</summary>
    public async Task KillServerAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>One meter of a budget, as <c>/status</c> shows it.</summary>
    public async Task<JsonNode> MeterAsync(string budget, string dimension, string? key = null)
    {
        var status = await GetAsync("/status", key);
        return status["budgets"]!.AsArray().Single(one => one!["name"]!.GetValue<string>() == budget)!["meters"]!.AsArray()
            .First(meter => meter!["dimension"]!.GetValue<string>() == dimension)!;
    }

    public async Task<JsonNode> GetAsync(string path, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        }

        using var response = await Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    /// <summary>Sends one call, and reads its whole answer.</summary>
    public async Task<Outcome> CallAsync(Ask ask, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, ask.Path) { Content = new StringContent(ask.Body, Encoding.UTF8, "application/json") };
        foreach (var (name, value) in ask.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        var clock = Stopwatch.StartNew();
        using var response = await Client.SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        var retry = response.Headers.TryGetValues("Retry-After", out var values) && double.TryParse(values.First(), CultureInfo.InvariantCulture, out var seconds) ? seconds : (double?)null;
        var waited = response.Headers.TryGetValues("X-FuncLimiter-Waited-Ms", out var ms) && double.TryParse(ms.First(), CultureInfo.InvariantCulture, out var milliseconds) ? milliseconds : 0;
        return new Outcome((int)response.StatusCode, text, retry, TimeSpan.FromMilliseconds(waited), clock.Elapsed, response.Headers);
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (_process is { HasExited: false })
        {
            await KillServerAsync();
        }

        await Server.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}

/// <summary>One call of an agent.</summary>
internal sealed record Ask(string Path, string Body, params (string Name, string Value)[] Headers)
{
    /// <summary>A chat call of a prompt with so many words.</summary>
    public static Ask Chat(string model, int words, int maxTokens, string label = "", bool stream = false, params (string Name, string Value)[] headers) => new(
        "/v1/chat/completions",
        Json(model, words, stream, ("max_tokens", maxTokens), ("user", label)),
        headers);

    /// <summary>The same in Anthropic's API.</summary>
    public static Ask Message(string model, int words, int maxTokens, string label = "", bool stream = false, params (string Name, string Value)[] headers) => new(
        "/v1/messages", Json(model, words, stream, ("max_tokens", maxTokens), ("metadata", new { user_id = label })), headers);

    private static string Json(string model, int words, bool stream, params (string Name, object Value)[] members)
    {
        // Words of many lengths, so that characters, bytes and tokens are three different things.
        var text = new StringBuilder();
        for (var word = 0; word < words; word++)
        {
            text.Append((word % 5) switch { 0 => "the ", 1 => "answer, ", 2 => "considering ", 3 => "of ", _ => "fleets. " });
        }

        var body = new Dictionary<string, object>
        {
            ["model"] = model,
            ["stream"] = stream,
            ["messages"] = new[] { new { role = "user", content = text.ToString() } },
        };
        if (stream && members[0].Name == "max_tokens" && members[1].Name == "user")
        {
            body["stream_options"] = new { include_usage = true };
        }

        foreach (var (name, value) in members)
        {
            body[name] = value;
        }

        return JsonSerializer.Serialize(body);
    }
}

/// <summary>How a call ended.</summary>
/// <param name="RetryAfter">When to come back, in seconds.</param>
/// <param name="Waited">How long it waited for its turn, as the limiter tells.</param>
/// <param name="Took">How long the caller waited for all of it.</param>
/// <param name="Headers">The answer's own headers.</param>
internal sealed record Outcome(int Status, string Text, double? RetryAfter, TimeSpan Waited, TimeSpan Took, HttpResponseHeaders Headers)
{
    /// <summary>All values of a header, joined by a comma; null where it is absent.</summary>
    public string? Header(string name) => Headers.TryGetValues(name, out var values) ? string.Join(',', values) : null;
}
