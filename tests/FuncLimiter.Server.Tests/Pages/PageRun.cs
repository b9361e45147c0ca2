using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Pages;

/// <summary>
/// Runs a page from its top to its end in a folder that looks like the repository. Commands run in bash, requests go to a server of the built
/// program with the provider double behind it, configurations go to <c>check</c>. Only ports are others than printed, and what is built
/// already is not built again.
/// </summary>
internal sealed class PageRun : IAsyncDisposable
{
    private const string FirstSteps = "docs/samples/first-steps.json";
    private const int PrintedServer = 8080;
    private const int PrintedDouble = 8090;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("funclimiter-page-");
    private readonly int _server = FreePort();
    private readonly int _double = FreePort();
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = Longest };
    private string _last = "";
    private Reply? _reply;
    private (HttpRequestMessage Message, string? Body) _request;
    private string? _id;
    private string _served = FirstSteps;
    private bool _isServed;

    private PageRun(string root)
    {
        Directory.CreateDirectory(Path.Combine(Folder, "docs", "samples"));
        Directory.CreateDirectory(Path.Combine(Folder, "bin"));
        Directory.CreateSymbolicLink(Path.Combine(Folder, "src"), Path.Combine(root, "src"));
        foreach (var sample in Directory.GetFiles(Path.Combine(root, "docs", "samples")))
        {
            Write($"docs/samples/{Path.GetFileName(sample)}", File.ReadAllText(sample));
        }

        Script("dotnet", """
            case "$*" in
              "run -c Release --project src/FuncLimiter.Server -- "*) shift 6; exec FuncLimiter.Server "$@" ;;
              *) exec "$DOTNET" "$@" ;;
            esac
            """);
        Script("FuncLimiter.Server", """
            case "$*" in
              serve*|double*)
                out=$(mktemp ./out.XXXXXX)
                "$DOTNET" "$PROGRAM" "$@" > "$out" 2> "$out.errors" &
                echo $! >> pids
                for i in $(seq 600); do
                  grep -qE "^Dashboard: |What it has seen: " "$out" && cat "$out" && exit 0
                  kill -0 $! 2>/dev/null || break
                  sleep 0.1
                done
                cat "$out" "$out.errors" >&2
                exit 1 ;;
              demo|"demo --json") exec "$DOTNET" "$PROGRAM" "$@" --seconds 3 ;;
              "demo --seconds 60"*) shift 3; exec "$DOTNET" "$PROGRAM" demo --seconds 4 "$@" ;;
              "demo --agents "*" --seconds 60"*) agents=$3; shift 5; exec "$DOTNET" "$PROGRAM" demo --agents "$agents" --seconds 4 "$@" ;;
              *) exec "$DOTNET" "$PROGRAM" "$@" ;;
            esac
            """);
    }

    private string Folder => _folder.FullName;

    /// <summary>Runs all blocks of a page.</summary>
    /// <returns>How many were run.</returns>
    public static async Task<int> RunAsync(string root, Page page)
    {
        await using var run = new PageRun(root);
        var count = 0;
        foreach (var block in page.Blocks.Where(block => block.Reason is null && !block.IsShownOnly))
        {
            await run.HandleAsync(block);
            count++;
        }

        return count;
    }

    /// <summary>Sends a request to a server on the first steps' configuration.</summary>
    public static async Task<Reply> SendAsync(string root, string method, string path)
    {
        await using var run = new PageRun(root);
        await run.ServeAsync();
        return await run._client.SendAsync(new HttpMethod(method), $"http://127.0.0.1:{run._server}{path}", method == "POST" ? "{}" : null);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _client.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task HandleAsync(Block block)
    {
        var text = Ported(block.Text);
        switch (block.Language)
        {
            case "bash":
                _reply = null;
                _last = await BashAsync(block, text);
                break;
            case "text":
                Check(block, AnswerShape.DifferenceOfLines(text, _last));
                break;
            case "json" when _reply is null:
                Check(block, AnswerShape.Difference(text, _last.Split('\n').Last(line => line.StartsWith('{') || line.StartsWith('['))));
                break;
            case "json":
                Check(block, AnswerShape.Difference(text, _reply.Text));
                break;
            case "http" when block.IsAnswer:
                await CompareAsync(block, text);
                break;
            case "http":
                await SendAllAsync(block, text);
                break;
            case "jsonc":
                await ConfigureAsync(block, text);
                break;
            default:
                Assert.Fail($"{block}: nobody knows what to do with a block of '{block.Language}'. Run it, or say above it why not: <!-- not run: because ... -->");
                break;
        }
    }

    private static void Check(Block block, string? difference) => Assert.True(difference is null, $"{block}: {difference}");

    private async Task<string> BashAsync(Block block, string text)
    {
        Write("block.sh", $"""
            set -eo pipefail
            [ -f state ] && source ./state
            {text}
            export -p > state
            """);
        var start = new ProcessStartInfo("bash", ["block.sh"]) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = $"{Path.Combine(Folder, "bin")}:{Environment.GetEnvironmentVariable("PATH")}";
        Prepare(start);
        using var process = Process.Start(start)!;

        // Servers that it leaves behind have its streams no more.
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(Longest);
        Assert.True(process.ExitCode == 0, $"{block}: ended with {process.ExitCode}\n{await output}{await errors}");
        return await output;
    }

    private async Task ConfigureAsync(Block block, string text)
    {
        if (block.File is { } name)
        {
            Write(name, text);
        }

        var file = block.File ?? $"configuration-{block.Line}.json";
        var json = (JsonObject)Parse(text);
        if (!json.ContainsKey("accounts"))
        {
            // A part: it is shown beside what a configuration has anyway.
            var whole = (JsonObject)Parse(File.ReadAllText(Path.Combine(Folder, FirstSteps)));
            foreach (var member in json)
            {
                whole[member.Key] = member.Value?.DeepClone();
            }

            json = whole;
        }

        if (block.File is null)
        {
            Write(file, json.ToJsonString());
        }

        var result = await CommandAsync("check", "--config", file);
        Assert.True(result.ExitCode == 0, $"{block}: {result.Errors}");
        if (block.IsServed)
        {
            await StopAsync();
            _served = file;
        }
    }

    private async Task SendAllAsync(Block block, string text)
    {
        await ServeAsync();

        // Requests without bodies may stand one under the other.
        var requests = text.Split('\n').All(line => line.Length == 0 || line.StartsWith("GET ", StringComparison.Ordinal)) ? text.Split('\n') : [text];
        foreach (var request in requests.Where(each => each.Length > 0))
        {
            _request = ReadRequest(request.Replace("{id}", _id ?? "", StringComparison.Ordinal));
            await SendAsync();
            Assert.False(_reply!.Status is 405 || _reply.Text.Contains("unknown_url", StringComparison.Ordinal), $"{block}: {_reply.Status} {_reply.Text}");
        }
    }

    /// <summary>Compares the last answer. What comes about only later is asked for again for a while.</summary>
    private async Task CompareAsync(Block block, string text)
    {
        var end = DateTime.UtcNow + Patience;
        string? difference;
        while ((difference = Difference(text)) is not null && _request.Message.Method == HttpMethod.Get && DateTime.UtcNow < end)
        {
            await Task.Delay(200);
            await SendAsync();
        }

        Check(block, difference);
    }

    private string? Difference(string printed)
    {
        var (head, body) = Split(printed);
        var status = head[0].Split(' ')[1];
        if (_reply!.Status.ToString(System.Globalization.CultureInfo.InvariantCulture) != status)
        {
            return $"answered {_reply.Status} instead of {status}: {_reply.Text}";
        }

        foreach (var line in head[1..])
        {
            var (name, value) = (line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim());
            if (!_reply.Headers.TryGetValue(name, out var actual) || !AnswerShape.AreAlike(value, actual))
            {
                return $"{name} is {actual ?? "missing"} instead of {value}";
            }
        }

        return body is null ? null : body.TrimStart() is ['{' or '[', ..] ? AnswerShape.Difference(body, _reply.Text) : AnswerShape.DifferenceOfLines(body, _reply.Text);
    }

    private async Task SendAsync()
    {
        var (message, body) = _request;
        using var copy = Requests.Create(
            message.Method, message.RequestUri!.OriginalString, body, [.. message.Headers.Select(header => (header.Key, string.Join(", ", header.Value)))]);
        using var response = await _client.SendAsync(copy);
        _reply = await Reply.ReadAsync(response);
        if (_reply.Text is ['{', ..] && JsonNode.Parse(_reply.Text)!["id"]?.GetValue<string>() is { } id && (id.StartsWith("job_", StringComparison.Ordinal) || id.StartsWith("res_", StringComparison.Ordinal)))
        {
            _id = id;
        }
    }

    private (HttpRequestMessage Message, string? Body) ReadRequest(string text)
    {
        var (head, body) = Split(text);
        var parts = head[0].Split(' ');
        var message = Requests.Create(
            new HttpMethod(parts[0]), $"http://127.0.0.1:{_server}{parts[1]}", null,
            [.. head[1..].Select(line => (line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim())).Where(header => header.Item1 != "Content-Type")]);
        return (message, body);
    }

    private static (string[] Head, string? Body) Split(string text)
    {
        var at = text.IndexOf("\n\n", StringComparison.Ordinal);
        return at < 0 ? (text.TrimEnd().Split('\n'), null) : (text[..at].Split('\n'), text[(at + 2)..]);
    }

    private async Task ServeAsync()
    {
        if (!_isServed)
        {
            _isServed = true;
            await BashAsync(
                new Block("the page's server", 0, "bash", "", null),
                $"FuncLimiter.Server double --config {_served} --urls http://127.0.0.1:{_double}\nFuncLimiter.Server serve --config {_served} --data served-{_served.GetHashCode(StringComparison.Ordinal):x} --urls http://127.0.0.1:{_server}");
        }
    }

    private async Task<CommandResult> CommandAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [BuiltProgram.File, .. arguments]) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true };
        Prepare(start);
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(Longest);
        return new CommandResult(process.ExitCode, await output, await errors);
    }

    private static void Prepare(ProcessStartInfo start)
    {
        start.Environment["DOTNET"] = Environment.ProcessPath?.EndsWith("dotnet", StringComparison.Ordinal) == true ? Environment.ProcessPath : "/usr/bin/env dotnet";
        start.Environment["PROGRAM"] = BuiltProgram.File;
        foreach (var name in new[] { "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_KEY_EAST", "AZURE_OPENAI_KEY", "KEY_A", "KEY_B", "OPENAI_ADMIN_KEY", "GROQ_API_KEY" })
        {
            start.Environment[name] = "any";
        }

        foreach (var name in new[] { "WEBHOOK_SECRET", "ACME_WEBHOOK_SECRET", "ALERT_SECRET", "RECORD_KEY" })
        {
            start.Environment[name] = Setup.WebhookSecret;
        }
    }

    private async Task StopAsync()
    {
        _isServed = false;
        var pids = Path.Combine(Folder, "pids");
        if (File.Exists(pids))
        {
            foreach (var pid in File.ReadAllLines(pids))
            {
                using var kill = Process.Start("kill", ["-KILL", pid]);
                await kill.WaitForExitAsync();
            }

            File.Delete(pids);
            await Task.Delay(100);
        }
    }

    private string Ported(string text) => text
        .Replace($":{PrintedServer}", $":{_server}", StringComparison.Ordinal)
        .Replace($":{PrintedDouble}", $":{_double}", StringComparison.Ordinal);

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(Folder, name), Ported(text));

    private void Script(string name, string text)
    {
        Write($"bin/{name}", $"#!/bin/bash\n{text}\n");
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("Pages are run in bash.");
        }

        File.SetUnixFileMode(Path.Combine(Folder, "bin", name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static JsonNode Parse(string text) =>
        JsonNode.Parse(text, documentOptions: new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true })!;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
