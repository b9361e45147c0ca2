using FuncLimiter.Providers.Translation.Conversations;
using FuncLimiter.Providers.Translation.Reading;

namespace FuncLimiter.Providers.Translation.Fitting;

/// <summary>Compares the messages of a request, and their order, with what an API can be asked.</summary>
internal static class MessageFit
{
    /// <summary>Notes everything that would be lost.</summary>
    public static void Check(Conversation conversation, Abilities target, LossList losses)
    {
        foreach (var message in conversation.Messages)
        {
            CheckParts(message, target, losses);
            if (!target.TakesTurns)
            {
                CheckOrder(message, target, losses);
            }
        }

        if (target.TakesTurns)
        {
            CheckTurns(conversation, target, losses);
        }

        if (conversation.Messages.LastOrDefault(message => !message.IsInstruction) is { Role: Role.Assistant } last)
        {
            losses.Add(last.Path, "is the assistant's, and the last: some models would go on with it, others answer it");
        }
    }

    /// <summary>Notes what an API can't do with an image.</summary>
    public static void CheckImage(ImagePart image, Abilities target, LossList losses)
    {
        if (image.Url is not null && !target.RemoteImages)
        {
            losses.Add(image.Path, $"is an image at an address, which {target.Api} does not fetch; send its bytes");
        }

        if (image.MediaType is { } type && !target.ImageTypes.Contains(type))
        {
            losses.Add(image.Path, $"is {type}, which {target.Api} does not take");
        }

        if (image.Detail is not (null or "auto") && !target.ImageDetail)
        {
            losses.Add(image.Path, $"names a detail, which does not exist in {target.Api}");
        }
    }

    private static void CheckParts(Message message, Abilities target, LossList losses)
    {
        if (message.Parts.Count == 0)
        {
            losses.Add(message.Path, "has no content");
        }

        foreach (var part in message.Parts)
        {
            if (message.IsInstruction && part is not TextPart)
            {
                losses.Add(part.Path, "can't stand in an instruction");
            }
            else if (part is ImagePart image)
            {
                CheckImage(image, target, losses);
                if (message.Role != Role.User)
                {
                    losses.Add(part.Path, "is an image that is not the user's");
                }
            }
            else if (target.TakesTurns && part is TextPart text && string.IsNullOrWhiteSpace(text.Text))
            {
                losses.Add(part.Path, $"is a text without a word, which {target.Api} does not take");
            }
            else if (part is ToolCallPart && message.Role != Role.Assistant)
            {
                losses.Add(part.Path, "is a tool call that is not the assistant's");
            }
        }
    }

    /// <summary>Where results are messages of their own, what stands beside them can only come after; and calls come after text.</summary>
    private static void CheckOrder(Message message, Abilities target, LossList losses)
    {
        var (hasOther, hasCall) = (false, false);
        foreach (var part in message.Parts)
        {
            if (part is ToolResultPart && hasOther)
            {
                losses.Add(part.Path, $"is a tool's result after something else, which can't keep its place in {target.Api}");
            }
            else if (part is TextPart && hasCall)
            {
                losses.Add(part.Path, $"is text after a tool call, which can't keep its place in {target.Api}");
            }

            hasOther |= part is not ToolResultPart;
            hasCall |= part is ToolCallPart;
        }
    }

    private static void CheckTurns(Conversation conversation, Abilities target, LossList losses)
    {
        var hasBegun = false;
        foreach (var message in conversation.Messages)
        {
            if (!message.IsInstruction)
            {
                if (!hasBegun && message.Role != Role.User)
                {
                    losses.Add(message.Path, $"is the first message and not the user's, which {target.Api} does not take");
                }

                hasBegun = true;
            }
            else if (hasBegun)
            {
                losses.Add(message.Path, $"is an instruction after the first message, which can't keep its place in {target.Api}");
            }
        }

        if (!hasBegun)
        {
            losses.Add("messages", $"hold nothing but instructions, which {target.Api} does not take");
        }
    }
}
