using System.Text.Json;
using FuncLimiter.Providers.Translation.Conversations;
using FuncLimiter.Providers.Translation.Reading;

namespace FuncLimiter.Providers.Translation.Fitting;

/// <summary>Compares the tools of a request, and its calls of them, with what an API can be asked.</summary>
internal static class ToolFit
{
    /// <summary>Notes everything that would be lost.</summary>
    public static void Check(Conversation conversation, Abilities target, LossList losses)
    {
        foreach (var tool in conversation.Tools)
        {
            CheckTool(tool, target, losses);
        }

        if (conversation.ParallelCalls is { Value: false } single && conversation.Tools.Count > 0 && !target.SingleCalls)
        {
            losses.Add(single.Path, $"can't be switched with {target.Api}");
        }

        if (conversation.Choice is { Value.Mode: ToolMode.None } none && conversation.Tools.Count > 0 && !target.NoCalls)
        {
            losses.Add(none.Path, $"can't forbid calls with {target.Api}");
        }

        if (conversation.Choice is { Value.Mode: ToolMode.Any or ToolMode.Named } choice && conversation.Tools.Count == 0)
        {
            losses.Add(choice.Path, "asks for a call, and there are no tools");
        }

        CheckCalls(conversation, target, losses);
    }

    private static void CheckTool(Tool tool, Abilities target, LossList losses)
    {
        if (!target.ToolNames.Pattern.IsMatch(tool.Name))
        {
            losses.Add($"{tool.Path}.name", $"must be {target.ToolNames.Words} for {target.Api}");
        }

        if (target.TakesTurns && !tool.TakesNothing && !IsObject(tool.Schema))
        {
            losses.Add(tool.Path, $"has arguments that are not of type \"object\", which {target.Api} wants");
        }

        if (tool.Strict is true)
        {
            if (!target.StrictTools)
            {
                losses.Add($"{tool.Path}.strict", $"does not exist in {target.Api}");
            }
            else if (!tool.TakesNothing)
            {
                target.Schemas?.Check(tool.Schema, tool.Path, target.Api, losses);
            }
        }
    }

    private static bool IsObject(JsonElement schema) =>
        schema.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("object");

    private static void CheckCalls(Conversation conversation, Abilities target, LossList losses)
    {
        var called = new HashSet<string>(StringComparer.Ordinal);
        foreach (var part in conversation.Messages.SelectMany(message => message.Parts))
        {
            switch (part)
            {
                case ToolCallPart call:
                    called.Add(call.Id);
                    CheckCall(call.Id, call.Path, target, losses);
                    if (!target.ToolNames.Pattern.IsMatch(call.Name))
                    {
                        losses.Add(call.Path, $"calls a tool whose name must be {target.ToolNames.Words} for {target.Api}");
                    }

                    break;
                case ToolResultPart result:
                    CheckCall(result.CallId, result.Path, target, losses);
                    CheckResult(result, target, losses);
                    if (!called.Contains(result.CallId))
                    {
                        losses.Add(result.Path, "answers a call that stands nowhere before it");
                    }

                    break;
                default:
                    continue;
            }

            if (target.CallsNeedTools && conversation.Tools.Count == 0)
            {
                losses.Add(part.Path, $"speaks of a tool call, and there are no tools, which {target.Api} wants");
            }
        }
    }

    private static void CheckCall(string id, string path, Abilities target, LossList losses)
    {
        if (!target.CallIds.Pattern.IsMatch(id))
        {
            losses.Add(path, $"has a call id that must be {target.CallIds.Words} for {target.Api}");
        }
    }

    private static void CheckResult(ToolResultPart result, Abilities target, LossList losses)
    {
        if (result.IsError && !target.FailedResults)
        {
            losses.Add(result.Path, $"is marked as a failure, which {target.Api} has no mark for");
        }

        foreach (var part in result.Content)
        {
            if (part is ImagePart image)
            {
                if (!target.ImagesInResults)
                {
                    losses.Add(image.Path, $"is an image in a tool's result, which {target.Api} does not take");
                }

                MessageFit.CheckImage(image, target, losses);
            }
            else if (part is not TextPart)
            {
                losses.Add(part.Path, "can't stand in a tool's result");
            }
        }
    }
}
