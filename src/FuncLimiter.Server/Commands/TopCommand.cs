using System.CommandLine;
using FuncLimiter.Server.Top;
using Spectre.Console;

namespace FuncLimiter.Server.Commands;

/// <summary><c>top --url URL</c>: budgets, queue and alerts of a running server, in a terminal.</summary>
internal static class TopCommand
{
    private const string DefaultUrl = "http://localhost:8080";
    private const string KeyVariable = "FUNCLIMITER_ADMIN_KEY";

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var url = new Option<Uri>("--url") { Description = "The server's address.", DefaultValueFactory = _ => new Uri(DefaultUrl) };
        url.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<Uri>() is not { IsAbsoluteUri: true, Scheme: "http" or "https" })
            {
                result.AddError($"--url must be an address such as {DefaultUrl}.");
            }
        });
        var json = new Option<bool>("--json") { Description = "Prints how things stand once, as JSON." };
        var command = new Command("top", $"Shows budgets, queue and alerts of a running server. Elsewhere than on this machine it takes an admin key in {KeyVariable}.") { url, json };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(url), parsed.GetValue(json), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Uri url, bool json, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        using var source = new StatusSource(url, Environment.GetEnvironmentVariable(KeyVariable));
        try
        {
            if (json)
            {
                output.WriteLine(await source.ReadTextAsync(cancellationToken));
            }
            else
            {
                await TopView.ShowAsync(source, AnsiConsole.Console, cancellationToken);
            }

            return 0;
        }
        catch (HttpRequestException failure)
        {
            errors.WriteLine(failure.StatusCode is { } status ? $"{url} answered {(int)status}: is it FuncLimiter, and does the key fit?" : $"{url}: {failure.Message}");
            return 1;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return 0;
        }
    }
}
