using System.Diagnostics;
using System.Text.Json;
using FuncLimiter.Server.Tests.Storage;

namespace FuncLimiter.Server.Tests.Processes;

/// <summary>A configuration file and a data directory, over which one server after another is run.</summary>
internal sealed class ServerFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("funclimiter-server-");
    private readonly Dictionary<string, string> _environment = [];

    /// <summary>A folder whose configuration is written from an object, or stands as it is where that is a text.</summary>
    public ServerFolder(object configuration) => Configure(configuration);

    /// <summary>The folder itself, in which servers and commands are started.</summary>
    public string Root => _folder.FullName;

    /// <summary>The configuration's file.</summary>
    public string ConfigurationFile => Path.Combine(_folder.FullName, "funclimiter.json");

    /// <summary>The data directory.</summary>
    public string Data => Path.Combine(_folder.FullName, "data");

    /// <summary>Writes the configuration for the next server.</summary>
    public void Configure(object configuration) =>
        File.WriteAllText(ConfigurationFile, configuration as string ?? JsonSerializer.Serialize(configuration, JsonSerializerOptions.Web));

    /// <summary>Sets an environment variable for the next server.</summary>
    public ServerFolder With(string name, string value)
    {
        _environment[name] = value;
        return this;
    }

    /// <summary>Starts a server and waits until it listens.</summary>
    public Task<ServerProcess> StartAsync() =>
        ServerProcess.StartAsync(Start("serve", "--config", ConfigurationFile, "--data", Data, "--urls", "http://127.0.0.1:0"));

    /// <summary>The same, where the server may have only so many files and connections open.</summary>
    public Task<ServerProcess> StartAsync(int openFiles)
    {
        var start = Start("serve", "--config", ConfigurationFile, "--data", Data, "--urls", "http://127.0.0.1:0");
        var arguments = string.Join(' ', start.ArgumentList.Select(argument => $"'{argument}'"));
        start.ArgumentList.Clear();
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add($"ulimit -n {openFiles} && exec {start.FileName} {arguments}");
        start.FileName = "/bin/sh";
        return ServerProcess.StartAsync(start);
    }

    /// <summary>Runs a command to its end.</summary>
    public async Task<CommandResult> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(Start(arguments))!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            await process.WaitForExitAsync(late.Token);
        }
        finally
        {
            process.Kill();
        }

        return new CommandResult(process.ExitCode, await output, await errors);
    }

    /// <summary>The data as the process that was killed left it.</summary>
    public TempDirectory Image() => TempDirectory.ImageOf(Data);

    public void Dispose() => _folder.Delete(recursive: true);

    private ProcessStartInfo Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "FuncLimiter.Server.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Root,
        };
        foreach (var (name, value) in _environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }
}

/// <summary>How a command ended.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Errors);

/// <summary>A server over a folder of its own, which goes with it.</summary>
internal sealed class OwnServer : IAsyncDisposable
{
    private readonly ServerFolder _folder;
    private readonly ServerProcess _process;

    private OwnServer(ServerFolder folder, ServerProcess process) => (_folder, _process) = (folder, process);

    /// <summary>Where it listens.</summary>
    public Uri Address => _process.Client.BaseAddress!;

    /// <summary>What it printed.</summary>
    public string Output => _process.Output;

    /// <summary>Starts a server and waits until it listens.</summary>
    /// <param name="configuration">What the configuration is written from.</param>
    /// <param name="secrets">Environment variables that the configuration names.</param>
    public static async Task<OwnServer> StartAsync(object configuration, params (string Name, string Value)[] secrets)
    {
        var folder = new ServerFolder(configuration);
        foreach (var (name, value) in secrets)
        {
            folder.With(name, value);
        }

        return new OwnServer(folder, await folder.StartAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }
}
