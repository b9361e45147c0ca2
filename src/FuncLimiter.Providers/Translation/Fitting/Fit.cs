using FuncLimiter.Providers.Translation.Conversations;
using FuncLimiter.Providers.Translation.Reading;

namespace FuncLimiter.Providers.Translation.Fitting;

/// <summary>Compares what a caller asks with what an API can be asked.</summary>
internal static class Fit
{
    /// <summary>Notes everything that would be lost.</summary>
    public static void Check(Conversation conversation, Abilities target, LossList losses)
    {
        CheckSampling(conversation, target, losses);
        CheckFormat(conversation, target, losses);
        ToolFit.Check(conversation, target, losses);
        MessageFit.Check(conversation, target, losses);
    }

    private static void CheckSampling(Conversation conversation, Abilities target, LossList losses)
    {
        if (conversation.Temperature is { } temperature && temperature.Value > target.MaxTemperature)
        {
            losses.Add(temperature.Path, $"is above {target.MaxTemperature}, the highest of {target.Api}");
        }

        if (!target.TemperatureWithTopP && conversation is { Temperature: { Value: not 1 }, TopP: { Value: not 1 } topP })
        {
            losses.Add(topP.Path, $"can't be set beside temperature with {target.Api}");
        }

        if (conversation.TopK is { } topK && !target.TopK)
        {
            Missing(topK.Path);
        }

        if (conversation.FrequencyPenalty is { Value: not 0 } frequency && !target.Penalties)
        {
            Missing(frequency.Path);
        }

        if (conversation.PresencePenalty is { Value: not 0 } presence && !target.Penalties)
        {
            Missing(presence.Path);
        }

        if (conversation.Seed is { } seed && !target.Seed)
        {
            Missing(seed.Path);
        }

        if (conversation.Stop is { } stop)
        {
            if (stop.Value.Count > target.MaxStops)
            {
                losses.Add(stop.Path, $"holds more than {target.MaxStops} texts, the most of {target.Api}");
            }

            if (target.TakesTurns && stop.Value.Any(string.IsNullOrWhiteSpace))
            {
                losses.Add(stop.Path, $"holds a text of blanks alone, which {target.Api} does not take");
            }
        }

        void Missing(string path) => losses.Add(path, $"does not exist in {target.Api}");
    }

    private static void CheckFormat(Conversation conversation, Abilities target, LossList losses)
    {
        if (conversation.Format is not { } format)
        {
            return;
        }

        if (!format.Value.HasSchema)
        {
            if (!target.JsonObject)
            {
                losses.Add(format.Path, $"asks for any JSON object, which {target.Api} can't be held to; name a schema");
            }
        }
        else
        {
            target.Schemas?.Check(format.Value.Schema, $"{format.Path}.schema", target.Api, losses);
        }
    }
}
