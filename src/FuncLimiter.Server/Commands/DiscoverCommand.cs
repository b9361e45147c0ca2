using System.CommandLine;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Azure.Identity;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Upstream;
using FuncLimiter.Gateway.Calls.Upstream.Credentials;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Server.Discovering;
using Microsoft.Extensions.Logging.Abstractions;

namespace FuncLimiter.Server.Commands;

/// <summary><c>discover --keys FILE [--out FILE]</c>: makes a configuration of keys alone.</summary>
internal static class DiscoverCommand
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var keys = CommandLine.File("--keys", "The keys, NAME=value in each line, by the names that providers' SDKs look for (OPENAI_API_KEY, ...).");
        var output = CommandLine.Parsed<FileInfo>("--out", CommandLine.ReadFile, "the name of a file");
        output.Description = "Where the configuration goes; the standard output where left out. A file that is there already stays as it is.";
        var command = new Command("discover", "Makes a configuration of keys alone: asks each provider for the models, and leaves the limits to it.") { keys, output };
        command.SetAction((parsed, stop) => RunAsync(
            parsed.GetRequiredValue(keys), parsed.GetValue(output), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, stop));
        return command;
    }

    private static async Task<int> RunAsync(FileInfo file, FileInfo? to, TextWriter output, TextWriter errors, CancellationToken stop)
    {
        KeysFile keys;
        try
        {
            keys = KeysFile.Read(await File.ReadAllTextAsync(file.FullName, stop));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or FormatException)
        {
            errors.WriteLine($"{file}: {failure.Message}");
            return 1;
        }

        // AWS credentials are found by its SDK, which looks at the environment alone.
        foreach (var name in keys.Names.Where(static name => name.StartsWith("AWS_", StringComparison.Ordinal) && Environment.GetEnvironmentVariable(name) is null))
        {
            Environment.SetEnvironmentVariable(name, keys[name]);
        }

        var entra = new Lazy<EntraTokens>(static () => new(static () => new DefaultAzureCredential(), TimeProvider.System, NullLogger<EntraTokens>.Instance));
        using var upstream = new UpstreamClient(
            new GatewayOptions(), new UpstreamCredentials(entra, TimeProvider.System, NullLogger<UpstreamCredentials>.Instance));
        var discovery = new Discovery(upstream, TimeProvider.System);
        var json = (await discovery.MakeAsync(keys, stop)).ToJsonString(Json);
        foreach (var found in discovery.Found)
        {
            errors.WriteLine($"found: {found}");
        }

        foreach (var left in discovery.Left)
        {
            errors.WriteLine($"not taken: {left}");
        }

        if (discovery.Found.Count == 0)
        {
            errors.WriteLine($"{file} holds no key that a provider takes: there is nothing to configure.");
            return 1;
        }

        var check = ConfigurationReader.Read(Encoding.UTF8.GetBytes(json), name => keys[name]);
        foreach (var mistake in check.Mistakes)
        {
            errors.WriteLine($"to be mended: {mistake}");
        }

        try
        {
            if (to is not null)
            {
                await using var created = new StreamWriter(new FileStream(to.FullName, FileMode.CreateNew));
                await created.WriteLineAsync(json);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine(failure.Message);
            return 1;
        }

        output.WriteLine(to is null ? json : $"{to} is written.");
        return check.IsValid ? 0 : 1;
    }
}
