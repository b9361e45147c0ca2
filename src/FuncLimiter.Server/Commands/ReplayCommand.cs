using System.CommandLine;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.WhatIf.Replaying;
using FuncLimiter.WhatIf.Virtual.Reading;
using Spectre.Console;

namespace FuncLimiter.Server.Commands;

/// <summary><c>replay --record FILE --config FILE [--against FILE] [--set PATH=VALUE]</c>: what was recorded, played again.</summary>
internal static class ReplayCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var record = CommandLine.File("--record", "What a server recorded; see docs/replay.md.");
        var config = CommandLine.Config();
        config.Description = "The configuration under which it was recorded.";
        var against = CommandLine.File("--against", "Another configuration to play it under.");
        against.Required = false;
        var set = new Option<ConfigurationChange[]>("--set")
        {
            Description = "A change to play it under, for example accounts[openai].limits.rpm=600; may stand several times.",
            CustomParser = result => [.. result.Tokens.Select(token =>
            {
                if (!ConfigurationChange.TryParse(token.Value, out var change))
                {
                    result.AddError($"--set: '{token.Value}' is not a change, such as accounts[openai].limits.rpm=600.");
                }

                return change;
            })],
        };
        var write = CommandLine.File("--write", "Where the changed configuration goes. A file that is there already stays as it is.");
        write.Required = false;
        var json = CommandOutput.Json();
        var command = new Command("replay", "Plays recorded calls again in virtual time: what if limits, weights, routes or models had been others.")
        {
            record, config, against, set, write, json,
        };
        command.SetAction((parsed, cancellationToken) => Task.FromResult(Run(
            new Asked(parsed.GetRequiredValue(record), parsed.GetRequiredValue(config), parsed.GetValue(against), parsed.GetValue(set) ?? [], parsed.GetValue(write)),
            parsed.GetValue(json) ? parsed.InvocationConfiguration.Output : null,
            parsed.InvocationConfiguration.Error,
            cancellationToken)));
        return command;
    }

    private static int Run(Asked asked, TextWriter? json, TextWriter errors, CancellationToken cancellationToken)
    {
        if (asked.Write is not null && asked is { Against: null, Changes: [] })
        {
            errors.WriteLine("--write: nothing is changed; name what with --against or --set.");
            return 1;
        }

        if (WhatIfFile.Configuration(asked.Config, errors) is not { } configuration
            || !TryChange(asked, errors, out var changed, out var text)
            || RecordReader.Read(asked.Record, errors) is not { } record
            || !AreNamesKnown(record, configuration, errors))
        {
            return 1;
        }

        try
        {
            var report = CommandOutput.WithProgress(
                "replaying", json is null, onProgress => ReplayReport.Of(record, configuration, changed, onProgress, cancellationToken));
            if (asked.Write is { } to)
            {
                using var created = new FileStream(to.FullName, FileMode.CreateNew);
                created.Write(text!);
            }

            if (json is not null)
            {
                json.WriteLine(CommandOutput.Serialize(report));
                return 0;
            }

            var console = CommandOutput.Console();
            ReplayView.Show(report, console);
            if (asked.Write is { } written)
            {
                console.Write(new Text($"{written} is written.\n"));
            }

            return 0;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine(failure.Message);
            return 1;
        }
        catch (OperationCanceledException)
        {
            errors.WriteLine("Given up before the end.");
            return 1;
        }
    }

    private static bool TryChange(Asked asked, TextWriter errors, out GatewayConfiguration? changed, out byte[]? text)
    {
        (changed, text) = (null, null);
        if (asked is { Against: null, Changes: [] })
        {
            return true;
        }

        var file = asked.Against ?? asked.Config;
        text = WhatIfFile.Bytes(file, errors);
        if (text is not null && asked.Changes.Count > 0)
        {
            text = ConfigurationChange.Apply(text, asked.Changes, errors);
        }

        changed = text is null ? null : WhatIfFile.Configuration(text, file, errors);
        return changed is not null;
    }

    // With another key no tenant would be found again, and all would be served as strangers.
    private static bool AreNamesKnown(CallRecord record, GatewayConfiguration configuration, TextWriter errors)
    {
        if (configuration.Tenants.Count == 0 || record.Keys.IsSubsetOf([RecordWriter.NamesOf(configuration).Print]))
        {
            return true;
        }

        errors.WriteLine("$.record.key: the record's names were hashed with another key; set the environment variable that is named there to that key.");
        return false;
    }

    private sealed record Asked(FileInfo Record, FileInfo Config, FileInfo? Against, IReadOnlyList<ConfigurationChange> Changes, FileInfo? Write);
}
