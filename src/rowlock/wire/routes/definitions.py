"""Routes about definitions as the database knows them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rowlock.errors import (
    DefinitionNotFoundError,
    DuplicateDefinitionError,
    InvalidValueError,
)
from rowlock.model.tokens import Scope
from rowlock.wire.bodies.definitions import (
    DeclaredDefinitionsBody,
    DefinitionBody,
    NewDefinitionBody,
)
from rowlock.wire.documents.definitions import (
    DeclaredDocument,
    DefinitionDocument,
    DefinitionList,
    DefinitionTasksDocument,
)
from rowlock.wire.routes.table import LIMIT, OFFSET, REASON, Parameter, route

DEFINITION: Final = Parameter("definition", "The definition's alias, in any spelling, or id.")
_FOUND = (InvalidValueError, DefinitionNotFoundError)
_LIST_QUERIES = (
    Parameter("alias", "Only with this in their alias."),
    Parameter("status", "Only in this status."),
    Parameter("created_after", "Only created at this time or later.", datetime),
    Parameter("created_before", "Only created before this time.", datetime),
    Parameter("include_deleted", "Also deleted ones.", bool),
    Parameter("order", "`alias`, `created`, `-alias` or `-created`."),
    OFFSET,
    LIMIT,
)

DEFINITIONS: Final = (
    route("GET", "/definition", "list_definitions", Scope.DEFINITIONS_READ,
          summary="List definitions.", response=DefinitionList, queries=_LIST_QUERIES,
          errors=(InvalidValueError,)),
    route("POST", "/definition", "create_definition", Scope.DEFINITIONS_WRITE,
          summary="Store a definition whose code is elsewhere.", request=NewDefinitionBody,
          response=DefinitionDocument, status=201, gives=((DEFINITION, "id"),),
          errors=(InvalidValueError, DuplicateDefinitionError)),
    route("PUT", "/definition", "declare_definitions", Scope.DEFINITIONS_WRITE,
          summary="Store what code says of its definitions; what people say of them stays.",
          request=DeclaredDefinitionsBody, response=DeclaredDocument, errors=(InvalidValueError,)),
    route("GET", "/definition/{definition}", "get_definition", Scope.DEFINITIONS_READ,
          summary="Show a definition.", parameters=(DEFINITION,), response=DefinitionDocument,
          errors=_FOUND),
    route("PATCH", "/definition/{definition}", "update_definition", Scope.DEFINITIONS_WRITE,
          summary="Change what is given of a definition.", parameters=(DEFINITION,),
          request=DefinitionBody, response=DefinitionDocument, errors=_FOUND),
    route("DELETE", "/definition/{definition}", "delete_definition", Scope.DEFINITIONS_WRITE,
          summary="Delete a definition; its tasks are left alone. Answers with it as it was.",
          parameters=(DEFINITION,), response=DefinitionDocument, errors=_FOUND,
          queries=(Parameter("hard", "For good: the row is removed.", bool), REASON)),
    route("GET", "/definition/{definition}/count", "count_definition_tasks",
          Scope.DEFINITIONS_READ, summary="Count a definition's tasks; it reads all of history.",
          parameters=(DEFINITION,), response=DefinitionTasksDocument, errors=_FOUND),
)  # fmt: skip
