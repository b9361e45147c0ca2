using System.CommandLine;
using System.Net.Sockets;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Server.Hosting;
using FuncLimiter.Server.Storage;

namespace FuncLimiter.Server.Commands;

/// <summary><c>serve --config FILE [--data DIR] [--urls URL]</c>: the embedded server on a real configuration.</summary>
internal static class ServeCommand
{
    private const string DefaultUrl = "http://localhost:8080";
    private const string DefaultData = "funclimiter-data";

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var config = CommandLine.Config();
        var data = CommandLine.Parsed<FileInfo>("--data", CommandLine.ReadFile, "the name of a folder");
        data.Description = "The folder for jobs, results, usage and the budgets' state; 'funclimiter-data' beside the configuration where not given.";
        var urls = new Option<string>("--urls")
        {
            Description = "Where to listen; several with ';' between them.",
            DefaultValueFactory = _ => DefaultUrl,
        };
        var command = new Command("serve", "Serves a configuration until it is stopped.") { config, data, urls };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(config),
            parsed.GetValue(data),
            parsed.GetRequiredValue(urls),
            parsed.InvocationConfiguration.Output,
            parsed.InvocationConfiguration.Error,
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        FileInfo file, FileInfo? data, string urls, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        var source = new ConfigurationFile(file);
        if (source.Bytes(errors) is not { } json || source.Read(json, errors) is not { } configuration || !MayListen(configuration, urls, errors))
        {
            return 1;
        }

        var directory = data?.FullName ?? Path.Combine(file.DirectoryName!, DefaultData);
        try
        {
            await using var server = await ServerHost.StartAsync(new ServerSettings(configuration, urls) { DataDirectory = directory, Source = source.Source(json) }, cancellationToken);
            foreach (var address in server.Addresses)
            {
                output.WriteLine($"FuncLimiter listens on {address}");
            }

            output.WriteLine($"Dashboard: {server.Dashboard}");
            await server.WaitForShutdownAsync(cancellationToken);
            return 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or StorageException)
        {
            errors.WriteLine(exception.Message);
            return 1;
        }
        catch (Exception exception) when (exception is SocketException or InvalidOperationException or NotSupportedException or ArgumentException or FormatException)
        {
            errors.WriteLine($"--urls: {urls} can't be listened on: {exception.Message}");
            return 1;
        }
    }

    private static bool MayListen(GatewayConfiguration configuration, string urls, TextWriter errors)
    {
        var open = ListenAddresses.Parse(urls);
        if (open is null)
        {
            errors.WriteLine($"--urls: '{urls}' is no list of addresses such as {DefaultUrl}.");
            return false;
        }

        if (configuration.Tenants.Count == 0 && !open.AreLoopback)
        {
            errors.WriteLine("$.tenants: none are configured, so anyone could call: listen on this machine only (localhost), or configure tenants with keys.");
            return false;
        }

        return true;
    }
}
